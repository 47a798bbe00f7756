"""Pages of events: in order, none left out, none too large to be answered."""

import uuid
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from functions.jobs.event_pages import page_of
from shared.jobs.model import Event, timestamp
from shared.web.answer_size import ANSWER_BYTES

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(seq: int, size: int = 0) -> Event:
    return Event(uuid.UUID(int=1), seq, "job.progress", NOW, {"text": "x" * size})


def test_the_last_page_has_no_next() -> None:
    page = page_of([event(1), event(2)], limit=2)
    assert [item["seq"] for item in page.items] == [1, 2]
    assert page.next_cursor is None


def test_no_events_make_an_empty_page() -> None:
    assert page_of([], limit=5).model_dump() == {"items": [], "next_cursor": None}


def test_an_event_that_is_larger_than_a_page_has_one_of_its_own() -> None:
    events = [event(1, ANSWER_BYTES + 1), event(2, ANSWER_BYTES + 1)]
    page = page_of(events, limit=10)
    assert [item["seq"] for item in page.items] == [1]
    assert page.next_cursor == "1"


@given(sizes=st.lists(st.integers(0, 60), max_size=12), limit=st.integers(1, 5))
def test_pages_one_after_the_other_hold_every_event_once(sizes: list[int], limit: int) -> None:
    events = [event(seq, size) for seq, size in enumerate(sizes, start=1)]
    seen: list[int] = []
    after = 0
    while True:
        page = page_of(events[after : after + limit + 1], limit, most_bytes=100)
        seen += [item["seq"] for item in page.items]
        if page.next_cursor is None:
            break
        after = int(page.next_cursor)
    assert seen == [one.seq for one in events]


def test_times_are_told_in_utc() -> None:
    assert timestamp(NOW) == "2026-01-01T00:00:00Z"
