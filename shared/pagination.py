"""Keyset pagination over UUIDv7 ids, newest first."""

import base64
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from shared.errors import InvalidRequest

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


@dataclass(frozen=True)
class PageRequest:
    """Which page: at most `limit` things older than `before`."""

    limit: int
    before: uuid.UUID | None

    def apply(
        self, query: Select[Row], identifier: InstrumentedAttribute[uuid.UUID]
    ) -> Select[Row]:
        """`query`, cut to this page and one row more, which tells whether there is a next."""
        if self.before is not None:
            query = query.where(identifier < self.before)
        return query.order_by(identifier.desc()).limit(self.limit + 1)

    def page(self, rows: Sequence[Any], present: Callable[[Any], Item]) -> Page[Item]:
        """The page that `rows`, fetched by `apply`, make."""
        shown = rows[: self.limit]
        following = _encode(shown[-1].id) if len(rows) > self.limit else None
        return Page(items=[present(row) for row in shown], next_cursor=following)


def _encode(identifier: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(identifier.bytes).decode().rstrip("=")


def read_cursor(cursor: str) -> uuid.UUID:
    """The id that a cursor stands for. Raises InvalidRequest."""
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except ValueError:
        raise InvalidRequest.field("cursor", "is not a cursor of this list") from None
