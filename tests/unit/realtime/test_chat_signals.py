"""A chat request survives its way over the queue."""

import json
import uuid
from dataclasses import replace

import pytest

from shared.realtime.chat_signals import ChatRequest


def test_a_request_is_read_as_it_was_written() -> None:
    request = ChatRequest("c=", uuid.uuid4(), uuid.uuid4(), "m 1", 'Was heißt "ä"?\n😀', 17)
    assert ChatRequest.read(request.body()) == request


def test_a_request_of_an_older_socket_is_read() -> None:
    request = ChatRequest("c", uuid.uuid4(), uuid.uuid4(), "m1", "Why?", 17)
    older = {name: value for name, value in json.loads(request.body()).items() if name != "sent_at"}
    assert ChatRequest.read(json.dumps(older)) == replace(request, sent_at=0)


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"user_id": "x"}'])
def test_what_is_no_request_is_refused(body: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        ChatRequest.read(body)
