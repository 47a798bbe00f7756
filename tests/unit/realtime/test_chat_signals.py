"""A chat request survives its way over the queue."""

import uuid

import pytest

from shared.realtime.chat_signals import ChatRequest


def test_a_request_is_read_as_it_was_written() -> None:
    request = ChatRequest("c=", uuid.uuid4(), uuid.uuid4(), "m 1", 'Was heißt "ä"?\n😀')
    assert ChatRequest.read(request.body()) == request


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"user_id": "x"}'])
def test_what_is_no_request_is_refused(body: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        ChatRequest.read(body)
