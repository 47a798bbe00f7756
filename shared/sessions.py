"""Whose request or socket it is, and whether their session still lives."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from shared.cache.client import get_cache
from shared.database.engine import Database, get_database
from shared.database.tables.users import Session as SessionRow
from shared.observability import get_logger

_ALIVE_SECONDS = 30


@dataclass(frozen=True)
class Caller:
    """The signed-in user of a request."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    role: str

    @property
    def is_teacher(self) -> bool:
        """Whether the caller may see and set other people's grades."""
        return self.role in {"teacher", "admin"}


class SessionDirectory(Protocol):
    """Knows which sessions still live."""

    def is_alive(self, session_id: uuid.UUID) -> bool: ...


class CachedSessionDirectory:
    """Looks sessions up in PostgreSQL and remembers the living for 30 s in Valkey."""

    def __init__(self, database: Database, cache: Redis) -> None:
        self._database = database
        self._cache = cache

    def is_alive(self, session_id: uuid.UUID) -> bool:
        """Whether the session exists, has not expired and was not revoked."""
        key = session_key(session_id)
        try:
            known = self._cache.get(key)
        except RedisError:
            get_logger().warning("session cache lost")
            return self._look_up(session_id)
        if known is not None:
            return known == "alive"
        alive = self._look_up(session_id)
        if alive:
            self._remember(key)
        return alive

    def _remember(self, key: str) -> None:
        try:
            # Not over a revocation that came between the look-up and now.
            self._cache.set(key, "alive", ex=_ALIVE_SECONDS, nx=True)
        except RedisError:
            get_logger().warning("session cache lost")

    def _look_up(self, session_id: uuid.UUID) -> bool:
        with self._database.transaction() as session:
            row = session.execute(
                select(SessionRow.revoked_at, SessionRow.expires_at).where(
                    SessionRow.id == session_id
                )
            ).one_or_none()
        return row is not None and row.revoked_at is None and row.expires_at > datetime.now(UTC)


def session_key(session_id: uuid.UUID) -> str:
    """Where Valkey holds whether a session is `alive` or `revoked`."""
    return f"session:{session_id}"


@lru_cache
def get_session_directory() -> SessionDirectory:
    """The directory of this process."""
    return CachedSessionDirectory(get_database(), get_cache())
