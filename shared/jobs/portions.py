"""Parts a long list, so that an event with each part goes to a socket whole."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

# API Gateway's message has 128 KB at most; what an event says besides its list is far less.
PORTION_BYTES = 120 * 1024


def portions(
    items: Sequence[dict[str, Any]], most_items: int, most_bytes: int = PORTION_BYTES
) -> Iterator[list[dict[str, Any]]]:
    """The items in order, so many and so large together at most; an item larger stands alone."""
    portion: list[dict[str, Any]] = []
    size = 0
    for item in items:
        own = len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()) + 1
        if portion and (len(portion) == most_items or size + own > most_bytes):
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += own
    if portion:
        yield portion
