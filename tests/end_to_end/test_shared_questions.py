"""Two users who have the same file share its questions, and nothing else."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pypdf
import pytest

from scripts.demo.client import ApiError, LearningClient
from tests.end_to_end.conftest import SAMPLE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that nobody has uploaded before."""
    path = tmp_path / "chapter.pdf"
    path.write_bytes(SAMPLE.read_bytes() + f"\n% {time.time_ns()}\n".encode())
    return path


def document_of(client: LearningClient, file: Path) -> str:
    return str(client.wait_for_document(client.upload(file)["id"])["id"])


def generate(client: LearningClient, document_id: str, **wish: Any) -> dict[str, Any]:
    body = {"document_id": document_id, "count": 10, **wish}
    return dict(client.call("POST", "/api/questions/generate", body))


def finished(client: LearningClient, asked: dict[str, Any]) -> dict[str, Any]:
    """The set of a generation, once that is over."""
    last = list(client.follow(asked["job"]["id"], seconds=120))[-1]
    assert last["type"] == "job.completed"
    path = f"/api/questions/sets/{asked['question_set']['id']}?include=keys"
    return dict(client.call("GET", path))


def stems(question_set: dict[str, Any]) -> list[str]:
    return [question["stem"] for question in question_set["questions"]]


def test_two_users_at_once_share_one_generation(
    learner: LearningClient, stranger: LearningClient, file: Path
) -> None:
    documents = [(client, document_of(client, file)) for client in (learner, stranger)]

    with ThreadPoolExecutor(2) as both:
        asked = list(both.map(lambda one: generate(*one), documents))
    mine, theirs = finished(learner, asked[0]), finished(stranger, asked[1])

    assert stems(mine) == stems(theirs)
    assert not {one["id"] for one in mine["questions"]} & {one["id"] for one in theirs["questions"]}
    numbers = [client.call("GET", "/api/questions/stats") for client in (learner, stranger)]
    assert sorted(one["cache"]["hits"] for one in numbers) == [0, 1]
    assert min(one["gemini"]["calls"] for one in numbers) == 0


def test_who_has_not_the_file_sees_none_of_it(
    learner: LearningClient, stranger: LearningClient, file: Path
) -> None:
    document_id = document_of(learner, file)
    question_set = finished(learner, generate(learner, document_id))

    for path in ("", "?include=keys", "/export?format=json"):
        with pytest.raises(ApiError, match="404 question_set_not_found"):
            stranger.call("GET", f"/api/questions/sets/{question_set['id']}{path}")
    with pytest.raises(ApiError, match="404 document_not_found"):
        generate(stranger, document_id)


def test_a_document_that_is_deleted_meanwhile_takes_only_its_owners_questions_along(
    learner: LearningClient, stranger: LearningClient, file: Path
) -> None:
    mine, theirs = document_of(learner, file), document_of(stranger, file)
    leader, follower = generate(learner, mine, count=20), generate(stranger, theirs, count=20)

    learner.call("DELETE", f"/api/documents/{mine}")

    job = learner.call("GET", f"/api/jobs/{leader['job']['id']}")
    assert job["status"] in {"cancelled", "completed"}
    with pytest.raises(ApiError, match="404 question_set_not_found"):
        learner.call("GET", f"/api/questions/sets/{leader['question_set']['id']}")
    assert len(finished(stranger, follower)["questions"]) == 20


def test_fresh_questions_repeat_none_of_the_old(learner: LearningClient, file: Path) -> None:
    document_id = document_of(learner, file)
    old = finished(learner, generate(learner, document_id))

    new = finished(learner, generate(learner, document_id, fresh=True))

    assert new["questions"]
    assert not set(stems(new)) & set(stems(old))
    quotes = [{one["source"]["quote"] for one in made["questions"]} for made in (old, new)]
    assert not quotes[0] & quotes[1]


def test_the_pdfs_outline_divides_the_questions(learner: LearningClient, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=SAMPLE)
    for title, index in (("Viruses", 0), ("Life cycle", 9), ("Culture", 20), ("Prions", 33)):
        writer.add_outline_item(title=title, page_number=index)
    path = tmp_path / "outlined.pdf"
    writer.write(path)
    document_id = document_of(learner, path)

    question_set = finished(learner, generate(learner, document_id, fresh=True))

    outline = learner.call("GET", f"/api/documents/{document_id}")["outline"]
    assert [(one["title"], one["page"]) for one in outline][1] == ("Life cycle", 10)
    sections = question_set["coverage"]["by_section"]
    assert [one["title"] for one in sections] == [one["title"] for one in outline]
    assert sum(one["delivered"] for one in sections) == len(question_set["questions"])
