"""Who is calling: checks the access token and that its session still lives."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Protocol

import jwt
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from shared.cache.client import get_cache
from shared.config import get_settings
from shared.database.engine import Database, get_database
from shared.database.tables.users import Session as SessionRow
from shared.errors import Forbidden, Unauthenticated
from shared.observability import get_logger

ALGORITHM = "HS256"
ISSUER = "learning-app"
_ALIVE_SECONDS = 30
_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="accessToken",
    bearerFormat="JWT",
    description="The access token that `POST /api/auth/login` gives.",
)


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


def read_access_token(token: str, secret: str) -> Caller:
    """The caller that `token` names.

    Raises Unauthenticated with code `token_expired` or `token_invalid`.
    """
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience="access",
            options={"require": ["exp", "iat", "sub", "sid"]},
        )
        return Caller(
            uuid.UUID(claims["sub"]), uuid.UUID(claims["sid"]), str(claims.get("role", "learner"))
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The access token has expired.", code="token_expired") from None
    except (jwt.InvalidTokenError, ValueError, TypeError):
        raise Unauthenticated("The access token is not valid.", code="token_invalid") from None


def authenticate(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    sessions: Annotated[SessionDirectory, Depends(get_session_directory)],
) -> Caller:
    """The caller of this request, from `Authorization: Bearer`."""
    if credentials is None:
        raise Unauthenticated("Send the access token as `Authorization: Bearer …`.")
    token = credentials.credentials.strip()
    caller = read_access_token(token, get_settings().resolved_jwt_secret())
    if not sessions.is_alive(caller.session_id):
        raise Unauthenticated("This session has ended. Please sign in again.", code="session_ended")
    get_logger().append_keys(user_id=str(caller.user_id))
    return caller


def require_admin(caller: Annotated[Caller, Depends(authenticate)]) -> Caller:
    """The caller, if an administrator. Raises Forbidden."""
    if caller.role != "admin":
        raise Forbidden("Only administrators may do this.")
    return caller


SignedIn = Annotated[Caller, Depends(authenticate)]
Administrator = Annotated[Caller, Depends(require_admin)]
