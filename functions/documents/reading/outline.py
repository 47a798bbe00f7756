"""A PDF's outline, its bookmarks. It is a help: whatever is wrong with it costs no document."""

import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

from pypdf import PdfReader, apply_configuration
from pypdf.generic import Destination

from functions.documents.reading.document import OutlineEntry
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.text_quality import in_one_line

MOST_ENTRIES = 1_000
TITLE_CHARACTERS = 200
SECONDS = 3.0
# What the process needs after this, to write its answer.
_SECONDS_TO_END = 3.0


class _TookTooLong(BaseException):
    """Not an Exception: pypdf catches those here and there."""


def outline_of(reader: PdfReader, limits: ReadingLimits) -> tuple[OutlineEntry, ...]:
    """The entries that lead to a page, in order: the deepest levels are left out where there are
    more than MOST_ENTRIES. None where the outline can't be read, or not in the time that is left.

    For the main thread of a process that reads one document.
    """
    seconds = min(SECONDS, limits.seconds - _SECONDS_TO_END - time.process_time())
    if seconds <= 0 or "/Outlines" not in reader.root_object:
        return ()
    try:
        with _bounded(), _at_most(seconds):
            return _fitting([*_entries(reader, reader.outline, 1)])
    except (_TookTooLong, MemoryError):
        return ()
    except Exception:  # a broken outline makes pypdf raise nearly anything
        return ()


def _entries(reader: PdfReader, items: Any, level: int) -> Iterator[OutlineEntry]:
    for item in items:
        if isinstance(item, list):
            yield from _entries(reader, item, level + 1)
            continue
        title, page = in_one_line(item.title, TITLE_CHARACTERS), _page(reader, item)
        if title and page is not None:
            yield OutlineEntry(title, page, level)


def _page(reader: PdfReader, item: Destination) -> int | None:
    """The page that an item leads to, from 1. Some programs write its index for the page."""
    named: object = item.page
    try:
        index = named if isinstance(named, int) else reader.get_destination_page_number(item)
    except Exception:  # one broken bookmark doesn't cost the other ones
        return None
    return index + 1 if index is not None and 0 <= index < len(reader.pages) else None


def _fitting(entries: list[OutlineEntry]) -> tuple[OutlineEntry, ...]:
    deepest = max((entry.level for entry in entries), default=0)
    while len(entries) > MOST_ENTRIES:
        deepest -= 1
        entries = [entry for entry in entries if entry.level <= deepest]
    return tuple(entries)


def _bounded() -> AbstractContextManager[object]:
    return apply_configuration(
        outline_maximum_entries=10_000,
        outline_maximum_depth=20,
        named_destinations_maximum_entries=10_000,
    )


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise _TookTooLong within, once `seconds` are over, and again where that was swallowed."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _TookTooLong

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
