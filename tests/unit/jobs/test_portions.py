"""Long lists in parts: each fits into a socket's message, none is lost, the order stays."""

import uuid
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.jobs.model import Event
from shared.jobs.portions import PORTION_BYTES, portions
from shared.realtime.connections import encode, fitted


def items(*sizes: int) -> list[dict[str, Any]]:
    return [{"n": number, "text": "ä" * size} for number, size in enumerate(sizes)]


@given(st.lists(st.integers(0, 500), max_size=60), st.integers(1, 10), st.integers(100, 2000))
def test_every_item_is_in_one_portion_in_order_and_within_the_limits(
    sizes: list[int], most_items: int, most_bytes: int
) -> None:
    given_items = items(*sizes)
    parts = list(portions(given_items, most_items, most_bytes))
    assert [one for part in parts for one in part] == given_items
    for part in parts:
        assert 1 <= len(part) <= most_items
        assert len(part) == 1 or len(encode({"all": part})) <= most_bytes + 20


def test_nothing_has_no_portions() -> None:
    assert list(portions([], 10)) == []


def test_a_full_portion_goes_to_a_socket_whole_with_its_event() -> None:
    many = items(*[1000] * 200)
    for part in portions(many, 500):
        payload = {"done": 10**6, "total": 10**6, "submissions": part}
        event = Event(uuid.uuid4(), 10**6, "job.progress", datetime.now(UTC), payload)
        assert fitted(event.frame()) == event.frame()
    assert sum(len(encode({"all": part})) for part in portions(many, 500)) > PORTION_BYTES
