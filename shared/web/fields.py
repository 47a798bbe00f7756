"""What request fields of several services must be like."""

import re

from pydantic import AfterValidator

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(value: str) -> bool:
    """Whether PostgreSQL can store the text: no U+0000, no half of a surrogate pair."""
    return _UNSTORABLE.search(value) is None


def _storable(value: str) -> str:
    if not is_storable(value):
        raise ValueError("must not hold U+0000 or half of a surrogate pair")
    return value


Storable = AfterValidator(_storable)
"""Holds a string to what PostgreSQL can store: `Annotated[str, Field(max_length=9), Storable]`."""
