"""The Lambda entry of the WebSocket: what it reads of an event, and what it answers."""

import base64
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from functions.realtime import socket


class RecordedSockets:
    def __init__(self) -> None:
        self.calls: list[tuple[str | int, ...]] = []
        self.trouble: Exception | None = None

    def connect(self, connection_id: str, ticket: str) -> int:
        self._record("connect", connection_id, ticket)
        return 200 if ticket == "good" else 401

    def disconnect(self, connection_id: str) -> None:
        self._record("disconnect", connection_id)

    def receive(self, connection_id: str, body: str, received_at: int) -> None:
        self._record("receive", connection_id, body, received_at)

    def apologise(self, connection_id: str) -> None:
        self.calls.append(("apologise", connection_id))

    def _record(self, *call: str | int) -> None:
        self.calls.append(call)
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordedSockets]:
    recorded = RecordedSockets()
    monkeypatch.setattr(socket, "get_sockets", lambda: recorded)
    return recorded


def event(route: str, **fields: Any) -> dict[str, Any]:
    """As API Gateway's WebSocket API sends it."""
    kind = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}.get(route, "MESSAGE")
    context = {
        "routeKey": route,
        "eventType": kind,
        "connectionId": "Kx1=",
        "stage": "live",
        "requestId": "r",
        "requestTimeEpoch": 1_772_443_800_123,
        "apiId": "a",
    }
    return {"requestContext": context, "isBase64Encoded": False, **fields}


CONTEXT = SimpleNamespace(aws_request_id="1")


@pytest.mark.parametrize(
    ("parameters", "ticket", "status"),
    [({"ticket": "good"}, "good", 200), ({"ticket": "bad"}, "bad", 401), (None, "", 401)],
)
def test_a_handshake_is_answered_with_its_status(
    sockets: RecordedSockets, parameters: Any, ticket: str, status: int
) -> None:
    answer = socket.handler(event("$connect", queryStringParameters=parameters), CONTEXT)
    assert answer == {"statusCode": status}
    assert sockets.calls == [("connect", "Kx1=", ticket)]


def test_a_disconnect_is_passed_on(sockets: RecordedSockets) -> None:
    assert socket.handler(event("$disconnect"), CONTEXT) == {"statusCode": 200}
    assert sockets.calls == [("disconnect", "Kx1=")]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"body": "{}"}, "{}"),
        ({"body": None}, ""),
        ({}, ""),
        ({"body": base64.b64encode(b"{}").decode(), "isBase64Encoded": True}, "{}"),
        ({"body": base64.b64encode(b"\xff").decode(), "isBase64Encoded": True}, "\ufffd"),
        ({"body": "=", "isBase64Encoded": True}, ""),
    ],
)
def test_a_frames_text_is_passed_on(
    sockets: RecordedSockets, fields: dict[str, Any], text: str
) -> None:
    assert socket.handler(event("$default", **fields), CONTEXT) == {"statusCode": 200}
    assert sockets.calls == [("receive", "Kx1=", text, 1_772_443_800_123)]


def test_trouble_on_our_side_is_told_in_a_frame_and_not_in_the_answer(
    sockets: RecordedSockets,
) -> None:
    sockets.trouble = RuntimeError("the secret of the database")
    answer = socket.handler(event("$default", body="{}"), CONTEXT)
    assert answer == {"statusCode": 500}
    assert sockets.calls[-1] == ("apologise", "Kx1=")


def test_trouble_in_a_handshake_refuses_it(sockets: RecordedSockets) -> None:
    sockets.trouble = RuntimeError
    answer = socket.handler(event("$connect", queryStringParameters={"ticket": "good"}), CONTEXT)
    assert answer == {"statusCode": 500}
    assert sockets.calls == [("connect", "Kx1=", "good")]


def test_the_ticket_is_not_logged(
    sockets: RecordedSockets, capsys: pytest.CaptureFixture[str]
) -> None:
    socket.handler(event("$connect", queryStringParameters={"ticket": "s3cr3t"}), CONTEXT)
    output = capsys.readouterr()
    assert "s3cr3t" not in output.out + output.err
