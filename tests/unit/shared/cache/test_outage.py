"""How long a Valkey that doesn't answer holds its callers up."""

import socket
import time
from collections.abc import Iterator

import pytest
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as NotInTime

from shared.cache.client import build_cache
from shared.cache.outage import LEFT_ALONE_SECONDS, RetryUnlessGone


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Valkey:
    """Fails as often as it shall, and counts how often it was asked."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return "PONG"


def test_one_failure_is_tried_again_and_forgotten():
    retry, valkey = RetryUnlessGone(Clock()), Valkey(NotConnected("idle too long"))
    assert retry.call_with_retry(valkey, lambda _error: None) == "PONG"
    assert retry.call_with_retry(valkey, lambda _error: None) == "PONG"
    assert valkey.asked == 3


@pytest.mark.parametrize("error", [NotConnected("refused"), NotInTime("silent")])
def test_after_two_it_is_left_alone_for_a_while_and_then_asked_again(error: Exception):
    clock = Clock()
    retry, valkey = RetryUnlessGone(clock), Valkey(error, error)
    for _ in range(5):
        with pytest.raises((NotConnected, NotInTime)):
            retry.call_with_retry(valkey, lambda _error: None)
    assert valkey.asked == 2
    clock.now += LEFT_ALONE_SECONDS
    assert retry.call_with_retry(valkey, lambda _error: None) == "PONG"


def test_an_answer_that_is_an_error_is_an_answer():
    retry, valkey = RetryUnlessGone(Clock()), Valkey(ResponseError("WRONGTYPE"))
    with pytest.raises(ResponseError):
        retry.call_with_retry(valkey, lambda _error: None)
    assert retry.call_with_retry(valkey, lambda _error: None) == "PONG"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_silent_valkey_holds_a_request_up_once_and_not_with_every_access(silent_port: int):
    cache = build_cache(f"redis://127.0.0.1:{silent_port}/0")
    began = time.monotonic()
    for _ in range(10):
        with pytest.raises((NotConnected, NotInTime)):
            cache.get("anything")
        with pytest.raises((NotConnected, NotInTime)):
            cache.pipeline().set("a", "b").get("a").execute()
    assert time.monotonic() - began < 4
    cache.close()
