"""Cuts a job's events into pages that fit into one answer."""

from collections.abc import Sequence

from functions.jobs.schemas import EventPage
from shared.jobs.model import Event
from shared.web.answer_size import ANSWER_BYTES, fitting


def page_of(events: Sequence[Event], limit: int, most_bytes: int = ANSWER_BYTES) -> EventPage:
    """The first of `events`, of which `limit` + 1 were asked for; at least one, if there is any."""
    shown = fitting(events[:limit], lambda event: event.payload, most_bytes)
    more = len(shown) < len(events)
    return EventPage(
        items=[event.frame() for event in shown],
        next_cursor=str(shown[-1].seq) if more else None,
    )
