"""The HTTP interface of chat."""

import uuid
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from shared.database.engine import Database
from shared.database.tables.chat import ChatMessage, ChatSession
from shared.database.tables.documents import Document
from shared.identifiers import new_id

AddDocument = Callable[..., Document]


def test_a_conversation_begins_with_a_document_that_is_ready(
    client: TestClient, add_document: AddDocument
) -> None:
    document = add_document()
    answer = client.post("/api/chat/sessions", json={"document_id": str(document.id)})
    assert answer.status_code == 201
    assert answer.json()["document_id"] == str(document.id)
    assert answer.json()["title"] == "Cells"


@pytest.mark.parametrize("status", ["awaiting_upload", "processing"])
def test_a_document_that_is_not_ready_is_told(
    client: TestClient, add_document: AddDocument, status: str
) -> None:
    document_id = str(add_document(status=status).id)
    answer = client.post("/api/chat/sessions", json={"document_id": document_id})
    assert (answer.status_code, answer.json()["code"]) == (409, "document_not_ready")


def test_a_scan_that_nobody_could_read_yet_is_not_talked_about(
    client: TestClient, add_document: AddDocument
) -> None:
    document_id = str(add_document(pages=("", "")).id)
    answer = client.post("/api/chat/sessions", json={"document_id": document_id})
    assert (answer.status_code, answer.json()["code"]) == (409, "needs_ocr")


def test_the_document_of_another_is_not_found(
    client_of: Callable[[uuid.UUID], TestClient],
    add_user: Callable[[], uuid.UUID],
    add_document: AddDocument,
) -> None:
    body = {"document_id": str(add_document().id)}
    answer = client_of(add_user()).post("/api/chat/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")


@pytest.mark.parametrize("body", [{}, {"document_id": "x"}, {"document_id": 7}, []])
def test_a_bad_body_is_refused(client: TestClient, body: object) -> None:
    assert client.post("/api/chat/sessions", json=body).status_code == 422


def test_the_same_idempotency_key_begins_one_conversation(
    client: TestClient, add_document: AddDocument
) -> None:
    body = {"document_id": str(add_document().id)}
    headers = {"Idempotency-Key": "k"}
    first, second = (
        client.post("/api/chat/sessions", json=body, headers=headers).json() for _ in range(2)
    )
    assert first == second
    assert len(client.get("/api/chat/sessions").json()["items"]) == 1


def test_a_conversation_shows_its_messages_in_order(
    client: TestClient, database: Database, chat: ChatSession
) -> None:
    with database.transaction() as session:
        for number in (1, 2):
            for role in ("user", "assistant"):
                session.add(
                    ChatMessage(
                        id=new_id(),
                        session_id=chat.id,
                        client_message_id=f"m{number}",
                        role=role,
                        status="done",
                        text=f"{role} {number}",
                        citations=[{"page": 1, "quote": "Enzymes"}] if role != "user" else [],
                        grounded=None if role == "user" else True,
                    )
                )
                session.flush()
    found = client.get(f"/api/chat/sessions/{chat.id}").json()
    assert [message["text"] for message in found["messages"]] == [
        "user 1",
        "assistant 1",
        "user 2",
        "assistant 2",
    ]
    # The answer is of a release that didn't know of transcriptions.
    cited = {"page": 1, "quote": "Enzymes", "transcribed": False}
    assert found["messages"][1]["citations"] == [cited]
    assert found["messages"][1]["message_id"] == "m1"


def test_of_a_long_conversation_the_newest_messages_that_one_answer_can_hold_are_shown(
    client: TestClient, database: Database, chat: ChatSession
) -> None:
    """All six hundred would be 7 MB, and a Lambda function answers with 6 at most."""
    ids = sorted(new_id() for _ in range(600))
    with database.transaction() as session:
        session.add_all(
            ChatMessage(
                id=message_id,
                session_id=chat.id,
                client_message_id=f"m{number}",
                role="user",
                status="done",
                text="水" * 4_000,
                citations=[],
            )
            for number, message_id in enumerate(ids)
        )
    answer = client.get(f"/api/chat/sessions/{chat.id}")
    assert len(answer.content) < 3_000_000
    shown = [message["message_id"] for message in answer.json()["messages"]]
    assert 50 < len(shown) < 600
    assert shown == [f"m{number}" for number in range(600 - len(shown), 600)]


def test_the_conversations_of_others_are_not_found(
    client_of: Callable[[uuid.UUID], TestClient],
    add_user: Callable[[], uuid.UUID],
    chat: ChatSession,
) -> None:
    stranger = client_of(add_user())
    answer = stranger.get(f"/api/chat/sessions/{chat.id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "chat_session_not_found")
    assert stranger.get("/api/chat/sessions").json()["items"] == []


def test_a_malformed_id_is_a_client_error(client: TestClient) -> None:
    assert client.get("/api/chat/sessions/x").status_code == 422
