"""Rate limits, whose requests they count, and what they do without Valkey."""

import pytest
from fastapi import Request
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.errors import TooManyRequests
from shared.rate_limits import RateLimit, ValkeyCounter, enforce
from shared.web.rate_limits import client_address
from tests.fakes.web import CounterInMemory

RATE = RateLimit("login", 3, 60)


def request_from(host: str | None) -> Request:
    client = (host, 0) if host else None
    return Request({"type": "http", "client": client, "headers": [], "path": "/"})


@pytest.fixture
def counter_without_valkey() -> ValkeyCounter:
    nowhere = Redis(port=1, socket_connect_timeout=0.1, retry=Retry(NoBackoff(), 0))
    return ValkeyCounter(nowhere)


def test_the_limit_is_the_last_that_passes() -> None:
    counter = CounterInMemory()
    for _ in range(3):
        enforce(counter, RATE, "ada")
    with pytest.raises(TooManyRequests) as refused:
        enforce(counter, RATE, "ada")
    assert (refused.value.limit, refused.value.window, refused.value.retry_after) == (3, 60, 60)


def test_subjects_and_names_are_counted_apart() -> None:
    counter = CounterInMemory()
    for _ in range(3):
        enforce(counter, RATE, "ada")
    enforce(counter, RATE, "grace")
    enforce(counter, RateLimit("register", 3, 60), "ada")


def test_without_valkey_this_process_counts(counter_without_valkey: ValkeyCounter) -> None:
    for _ in range(3):
        enforce(counter_without_valkey, RATE, "ada")
    with pytest.raises(TooManyRequests):
        enforce(counter_without_valkey, RATE, "ada")
    counter_without_valkey.forget(RATE.key("ada"))
    enforce(counter_without_valkey, RATE, "ada")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("testclient", "testclient"),
        (None, "unknown"),
    ],
)
def test_of_an_ipv6_address_the_household_counts(host: str | None, address: str) -> None:
    assert client_address(request_from(host)) == address
