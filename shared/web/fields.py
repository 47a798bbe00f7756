"""What request fields of several services must be like."""

from pydantic import AfterValidator


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold the character U+0000")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("must not hold half of a surrogate pair")
    return value


Storable = AfterValidator(_storable)
"""Holds a string to what PostgreSQL can store: `Annotated[str, Field(max_length=9), Storable]`."""
