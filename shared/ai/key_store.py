"""What operators changed at run time, as every process reads it from the table gemini_keys."""

import uuid
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from shared.ai.key_encryption import KeyCipher
from shared.ai.keyring import StoredKeys
from shared.ai.keys import ApiKey, project_of
from shared.config import ConfigurationError
from shared.database.engine import Database
from shared.database.tables.ai import gemini_keys
from shared.observability import get_logger


class KeyStore:
    """Reads the keys. `get_cipher` is asked only where there is something to open."""

    def __init__(
        self,
        database: Database,
        get_cipher: Callable[[], KeyCipher],
        *,
        separate_projects: bool = False,
    ) -> None:
        self._database = database
        self._get_cipher = get_cipher
        self._separate_projects = separate_projects
        self._told: set[uuid.UUID] = set()

    def load(self) -> StoredKeys:
        """What the key ring needs. A key that can't be opened is left out, and logged once."""
        with self._database.transaction() as session:
            rows = session.execute(select(gemini_keys).order_by(gemini_keys.c.id)).all()
        opened = [self._opened(row) for row in rows if row.secret is not None]
        added = tuple(key for key in opened if key is not None)
        return StoredKeys(added, frozenset(row.alias for row in rows if not row.active))

    def _opened(self, row: Any) -> ApiKey | None:
        try:
            value = self._get_cipher().open(row.secret, row.id)
        except ConfigurationError as problem:
            if row.id not in self._told:
                get_logger().error(str(problem), extra={"key_alias": row.alias})
                self._told.add(row.id)
            return None
        project = project_of(row.alias, row.project, separate_projects=self._separate_projects)
        return ApiKey(row.alias, SecretStr(value), project)
