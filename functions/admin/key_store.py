"""The table gemini_keys, as administrators change it, within the caller's transaction."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from functions.admin.ports import KeyRecord
from shared.database.tables.ai import gemini_keys


class KeyTable:
    """Implements KeyRecords."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self) -> None:
        self._session.execute(text("LOCK TABLE gemini_keys IN SHARE ROW EXCLUSIVE MODE"))

    def all(self) -> Sequence[KeyRecord]:
        return [_record(row) for row in self._session.execute(select(gemini_keys))]

    def insert(self, identifier: uuid.UUID, alias: str, **values: Any) -> KeyRecord:
        row = {"id": identifier, "alias": alias, "created_at": func.clock_timestamp(), **values}
        statement = insert(gemini_keys).values(row).returning(gemini_keys)
        return _record(self._session.execute(statement).one())

    def update(self, identifier: uuid.UUID, **values: Any) -> KeyRecord:
        statement = update(gemini_keys).where(gemini_keys.c.id == identifier).values(values)
        return _record(self._session.execute(statement.returning(gemini_keys)).one())

    def delete(self, identifier: uuid.UUID) -> None:
        self._session.execute(delete(gemini_keys).where(gemini_keys.c.id == identifier))


def _record(row: Any) -> KeyRecord:
    return KeyRecord(
        id=row.id,
        alias=row.alias,
        project=row.project,
        label=row.label,
        secret=row.secret,
        active=row.active,
        created_at=row.created_at,
    )
