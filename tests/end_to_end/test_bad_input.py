"""What users get wrong: each gets a clear error with a stable code, and nothing is lost."""

import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scripts.demo.client import ApiError, LearningClient
from tests.end_to_end.conftest import FILES


@pytest.mark.parametrize("count", [0, -1, 10_000, "many", 1.5, None])
def test_an_impossible_count_is_refused_by_name(
    stack: dict[str, str], reader: LearningClient, document: dict[str, Any], count: Any
) -> None:
    problem = refused(reader, {"document_id": document["id"], "count": count})

    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == ["count"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"pages": {"from": 40, "to": 99}}, "pages.to"),
        ({"pages": {"from": 9, "to": 3}}, "pages"),
        ({"pages": {"from": 0, "to": 3}}, "pages.from"),
        ({"types": ["essay"]}, "types.0"),
        ({"difficulty": "impossible"}, "difficulty.0"),
        ({"language": "not a language"}, "language"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wish_that_can_not_be_met_is_refused_by_name(
    reader: LearningClient, document: dict[str, Any], wish: dict[str, Any], field: str
) -> None:
    problem = refused(reader, {"document_id": document["id"], "count": 5, **wish})

    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == [field]


def refused(client: LearningClient, body: dict[str, Any]) -> dict[str, Any]:
    """The problem document that a generation with this body gets."""
    response = client.http.post("/api/questions/generate", json=body)
    assert response.headers["content-type"] == "application/problem+json"
    return dict(response.json())


@pytest.mark.parametrize(
    "path", ["/api/documents/{id}", "/api/documents/{id}/pages/1"], ids=["document", "page"]
)
def test_another_users_document_is_not_found(
    stranger: LearningClient, document: dict[str, Any], path: str
) -> None:
    with pytest.raises(ApiError, match="404 document_not_found"):
        stranger.call("GET", path.format(id=document["id"]))


def test_another_users_document_makes_no_questions(
    stranger: LearningClient, document: dict[str, Any]
) -> None:
    with pytest.raises(ApiError, match="404 document_not_found"):
        stranger.call(
            "POST", "/api/questions/generate", {"document_id": document["id"], "count": 5}
        )


def test_without_a_token_nothing_is_told(stack: dict[str, str]) -> None:
    response = httpx2.get(f"{stack['api_url']}/api/documents")

    assert response.status_code == 401
    assert response.json()["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("text.pdf", b"This is no PDF at all.", "not_a_pdf"),
        ("locked.pdf", FILES / "user_password_aes256.pdf", "encrypted"),
    ],
)
def test_an_unreadable_file_is_rejected_with_its_own_code(
    learner: LearningClient, tmp_path: Path, name: str, content: bytes | Path, code: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.read_bytes())

    document = rejected(learner, file)

    assert document["error"]["code"] == code
    assert document["error"]["message"]


def test_a_killer_file_is_rejected_and_the_next_one_is_read(
    learner: LearningClient, document: dict[str, Any]
) -> None:
    killer = rejected(learner, FILES / "one_string_60mb.pdf")

    assert killer["error"]["code"] in {"decompression_bomb", "too_much_text"}
    read = learner.wait_for_document(learner.upload(FILES / "two_column_latex.pdf")["id"])
    assert read["status"] == "ready"


def rejected(client: LearningClient, file: Path) -> dict[str, Any]:
    """The document after its upload, once it was rejected."""
    document_id = client.upload(file)["id"]
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        document = dict(client.call("GET", f"/api/documents/{document_id}"))
        if document["status"] == "rejected":
            return document
        assert document["status"] in {"awaiting_upload", "processing"}
        time.sleep(0.2)
    raise AssertionError("the document was not rejected within 60 s")


def test_the_same_idempotency_key_has_one_effect(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": f"test-{time.time_ns()}"}
    body = {"document_id": document["id"], "count": 5, "fresh": True}

    first = reader.http.post("/api/questions/generate", json=body, headers=headers)
    again = reader.http.post("/api/questions/generate", json=body, headers=headers)
    other = reader.http.post("/api/questions/generate", json={**body, "count": 6}, headers=headers)

    assert first.json()["job"]["id"] == again.json()["job"]["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    list(reader.follow(first.json()["job"]["id"]))
