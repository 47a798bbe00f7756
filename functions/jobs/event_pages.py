"""Cuts a job's events into pages that fit into one answer."""

import json
from collections.abc import Sequence

from functions.jobs.schemas import EventPage
from shared.jobs.model import Event

# A Lambda's answer has at most 6 MB; escapes may make the text longer on its way.
PAGE_BYTES = 2 * 1024 * 1024


def page_of(events: Sequence[Event], limit: int, most_bytes: int = PAGE_BYTES) -> EventPage:
    """The first of `events`, of which `limit` + 1 were asked for; at least one, if there is any."""
    shown: list[Event] = []
    size = 0
    for event in events[:limit]:
        size += len(json.dumps(event.payload))
        if shown and size > most_bytes:
            break
        shown.append(event)
    more = len(shown) < len(events)
    return EventPage(
        items=[event.frame() for event in shown],
        next_cursor=str(shown[-1].seq) if more else None,
    )
