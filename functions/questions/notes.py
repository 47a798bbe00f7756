"""How a batch's row remembers its chunks."""

from collections.abc import Mapping
from typing import Any

from functions.questions.ports import NotedChunk
from functions.questions.rules.model import Span


def noted_as_json(noted: NotedChunk) -> dict[str, Any]:
    """The form in which a chunk's state is stored."""
    return {
        "rejections": {str(slot): reason for slot, reason in noted.rejections.items()},
        "repeated": [[one.page, one.start, one.end] for one in noted.repeated],
        "calls": noted.calls,
        "asks_again": noted.asks_again,
    }


def noted_from_json(value: Mapping[str, Any]) -> NotedChunk:
    """The inverse. What an earlier release stored has no calls, and doesn't ask again."""
    return NotedChunk(
        {int(slot): reason for slot, reason in value["rejections"].items()},
        tuple(Span(*place) for place in value.get("repeated", [])),
        value.get("calls", 1),
        asks_again=value.get("asks_again", False),
    )
