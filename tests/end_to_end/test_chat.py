"""A talk about the document over the WebSocket."""

import json
import uuid
from typing import Any

from websockets.sync.client import connect

from scripts.demo.client import LearningClient


def ask(client: LearningClient, session_id: str, text: str) -> list[dict[str, Any]]:
    """The frames that answer a question, to the last."""
    ticket = client.call("POST", "/api/realtime/ticket")
    message_id = uuid.uuid4().hex
    frames: list[dict[str, Any]] = []
    with connect(ticket["url"]) as socket:
        frame = {"action": "chat", "session_id": session_id, "text": text}
        socket.send(json.dumps({**frame, "message_id": message_id}))
        while not frames or frames[-1]["type"] not in {"chat.done", "chat.error", "error"}:
            frames.append(json.loads(socket.recv(timeout=60)))
    assert all(one["message_id"] == message_id for one in frames)
    return frames


def test_the_chat_answers_from_the_document_and_cites_it(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    session = reader.call("POST", "/api/chat/sessions", {"document_id": document["id"]})
    session_id = session["id"]

    frames = ask(reader, session_id, "Who discovered the viroid, and in which year?")

    done = frames[-1]
    assert done["type"] == "chat.done"
    assert done["grounded"] is True
    assert done["citations"]
    assert "".join(one["text"] for one in frames[:-1]).strip() == done["text"].strip()
    for citation in done["citations"]:
        path = f"/api/documents/{document['id']}/pages/{citation['page']}"
        text = reader.call("GET", path)["text"]
        assert "".join(citation["quote"].split()) in "".join(text.replace("-\n", "").split())
    messages = reader.call("GET", f"/api/chat/sessions/{session_id}")["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]


def test_a_question_that_the_document_does_not_answer_is_not_grounded(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    session = reader.call("POST", "/api/chat/sessions", {"document_id": document["id"]})

    frames = ask(reader, session["id"], "Which striker won the football championship in Zurich?")

    assert frames[-1]["type"] == "chat.done"
    assert frames[-1]["grounded"] is False
    assert frames[-1]["citations"] == []


def test_a_wrong_frame_is_told_and_the_socket_stays_open(reader: LearningClient) -> None:
    ticket = reader.call("POST", "/api/realtime/ticket")
    with connect(ticket["url"]) as socket:
        for frame in ("no json", "[]", '{"action": "dance"}', '{"action": "subscribe"}'):
            socket.send(frame)
            assert json.loads(socket.recv(timeout=20))["type"] == "error"
        socket.send(json.dumps({"action": "ping"}))
        assert json.loads(socket.recv(timeout=20))["type"] == "pong"
