"""What request fields of several services must be like."""

from pydantic import AfterValidator


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold the character U+0000")
    return value


Storable = AfterValidator(_without_nul)
"""Holds a string to what PostgreSQL can store: `Annotated[str, Field(max_length=9), Storable]`."""
