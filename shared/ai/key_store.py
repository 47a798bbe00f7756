"""API keys that operators add, label, pause and remove while the system runs."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared.ai.key_encryption import KeyCipher
from shared.ai.keyring import StoredKeys
from shared.ai.keys import SHARED_PROJECT, ApiKey
from shared.config import ConfigurationError
from shared.database.engine import Database
from shared.database.tables.ai import gemini_keys
from shared.errors import Conflict, NotFound
from shared.identifiers import new_id
from shared.observability import get_logger


@dataclass(frozen=True)
class StoredKey:
    """What may be told of a key: never its value. `is_configured` ones come from the settings."""

    id: uuid.UUID
    alias: str
    project: str | None
    label: str | None
    active: bool
    is_configured: bool
    created_at: datetime


class KeyStore:
    """The table gemini_keys. `announce` tells every process that something changed."""

    def __init__(self, database: Database, cipher: KeyCipher, announce: Callable[[], None]) -> None:
        self._database = database
        self._cipher = cipher
        self._announce = announce

    def all(self) -> Sequence[StoredKey]:
        """Every row, by alias."""
        with self._database.transaction() as session:
            rows = session.execute(select(gemini_keys).order_by(gemini_keys.c.alias)).all()
        return [_shown(row) for row in rows]

    def add(
        self, alias: str, value: SecretStr, project: str | None = None, label: str | None = None
    ) -> StoredKey:
        """Stores a new key. Raises Conflict where the alias is taken."""
        identifier = new_id()
        row = {
            "id": identifier,
            "alias": alias,
            "project": project,
            "label": label,
            "secret": self._cipher.seal(value.get_secret_value(), identifier),
        }
        return self._insert(row)

    def pause_configured(self, alias: str) -> StoredKey:
        """Lets a key of the settings rest. Raises Conflict where the alias has a row already."""
        return self._insert({"id": new_id(), "alias": alias, "active": False})

    def change(self, identifier: uuid.UUID, **changes: Any) -> StoredKey:
        """Changes alias, project, label or active. Raises NotFound, Conflict."""
        unknown = changes.keys() - {"alias", "project", "label", "active"}
        if unknown:
            raise TypeError(f"a key has no {sorted(unknown)} to change")
        statement = (
            update(gemini_keys)
            .where(gemini_keys.c.id == identifier)
            .values(changes)
            .returning(gemini_keys)
        )
        with self._database.transaction() as session:
            try:
                row = session.execute(statement).one_or_none()
            except IntegrityError:
                raise Conflict("another key has this alias", code="alias_taken") from None
        if row is None:
            raise NotFound("no such key")
        self._announce()
        return _shown(row)

    def remove(self, identifier: uuid.UUID) -> None:
        """Forgets a key; one of the settings works again. Raises NotFound."""
        statement = delete(gemini_keys).where(gemini_keys.c.id == identifier)
        statement = statement.returning(gemini_keys.c.id)  # type: ignore[assignment]
        with self._database.transaction() as session:
            found = session.execute(statement).one_or_none()
        if found is None:
            raise NotFound("no such key")
        self._announce()

    def seal_anew(self) -> int:
        """After ENCRYPTION_KEY was changed: seals all keys with it. Returns how many it was."""
        changed = 0
        with self._database.transaction() as session:
            query = select(gemini_keys.c.id, gemini_keys.c.secret).with_for_update()
            for identifier, sealed in session.execute(query).all():
                if sealed is None or self._cipher.is_current(sealed):
                    continue
                again = self._cipher.seal(self._cipher.open(sealed, identifier), identifier)
                mine = update(gemini_keys).where(gemini_keys.c.id == identifier)
                session.execute(mine.values(secret=again))
                changed += 1
        return changed

    def load(self) -> StoredKeys:
        """What the key ring needs. A key that can't be opened is left out and logged."""
        with self._database.transaction() as session:
            rows = session.execute(select(gemini_keys).order_by(gemini_keys.c.id)).all()
        opened = [self._opened(row) for row in rows if row.secret is not None]
        added = tuple(key for key in opened if key is not None)
        return StoredKeys(added, frozenset(row.alias for row in rows if not row.active))

    def _opened(self, row: Any) -> ApiKey | None:
        try:
            value = self._cipher.open(row.secret, row.id)
        except ConfigurationError as problem:
            get_logger().error(str(problem), extra={"key_alias": row.alias})
            return None
        return ApiKey(row.alias, SecretStr(value), row.project or SHARED_PROJECT)

    def _insert(self, row: dict[str, Any]) -> StoredKey:
        statement = insert(gemini_keys).values(created_at=func.clock_timestamp(), **row)
        with self._database.transaction() as session:
            try:
                made = session.execute(statement.returning(gemini_keys)).one()
            except IntegrityError:
                raise Conflict("another key has this alias", code="alias_taken") from None
        self._announce()
        return _shown(made)


def _shown(row: Any) -> StoredKey:
    return StoredKey(
        id=row.id,
        alias=row.alias,
        project=row.project,
        label=row.label,
        active=row.active,
        is_configured=row.secret is None,
        created_at=row.created_at,
    )
