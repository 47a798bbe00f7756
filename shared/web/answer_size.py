"""How much of a list one answer can hold."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

Item = TypeVar("Item")

# A Lambda function's answer has at most 6 MB; escapes may make the text longer on its way.
ANSWER_BYTES: Final = 2 * 1024 * 1024


def fitting(
    items: Iterable[Item], content: Callable[[Item], Any], most_bytes: int = ANSWER_BYTES
) -> list[Item]:
    """The first of `items` whose `content`, as JSON, has no more bytes; at least one, if any."""
    shown: list[Item] = []
    size = 0
    for item in items:
        size += len(json.dumps(content(item)))
        if shown and size > most_bytes:
            break
        shown.append(item)
    return shown
