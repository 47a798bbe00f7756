"""Which page of a list a request asks for, as a FastAPI dependency."""

from typing import Annotated

from fastapi import Depends, Query

from shared.pagination import PageRequest, read_cursor


def requested_page(
    limit: Annotated[int, Query(ge=1, le=100)] = 20, cursor: str | None = None
) -> PageRequest:
    """The page that the query string asks for."""
    return PageRequest(limit, read_cursor(cursor) if cursor else None)


RequestedPage = Annotated[PageRequest, Depends(requested_page)]
