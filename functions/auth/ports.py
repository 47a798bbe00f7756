"""What the use cases need of the world: accounts, sessions, and word of ended sessions."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.storage.ports import DeletionNote


@dataclass(frozen=True)
class Account:
    """A registered user."""

    id: uuid.UUID
    email: str
    name: str
    role: str
    password_hash: str
    created_at: datetime


@dataclass(frozen=True)
class SessionState:
    """A session as it is now, and the role that its user has now."""

    id: uuid.UUID
    user_id: uuid.UUID
    role: str
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Erased:
    """What an erased account leaves outside PostgreSQL."""

    session_ids: Sequence[uuid.UUID]
    files: Sequence[DeletionNote]


class Accounts(Protocol):
    """The registered users."""

    def add(self, account_id: uuid.UUID, email: str, name: str, password_hash: str) -> Account:
        """Raises Conflict `email_taken`."""
        ...

    def by_email(self, email: str) -> Account | None: ...

    def by_id(self, account_id: uuid.UUID) -> Account | None: ...

    def set_password_hash(self, account_id: uuid.UUID, password_hash: str) -> None: ...

    def erase(self, account_id: uuid.UUID) -> Erased:
        """Delete the account and all that hangs on it; its files are noted for deletion."""
        ...


class Sessions(Protocol):
    """Sign-ins, and the refresh tokens that were rotated from each."""

    def open(
        self,
        session_id: uuid.UUID,
        user_id: uuid.UUID,
        token_hash: str,
        expires_at: datetime,
        user_agent: str | None,
    ) -> None: ...

    def lock_by_token(self, token_hash: str) -> SessionState | None:
        """The session that a refresh token is of, locked until the transaction ends."""
        ...

    def spend_token(self, token_hash: str, now: datetime) -> bool:
        """Mark a token as used; False where it was used before."""
        ...

    def rotate(
        self, session_id: uuid.UUID, token_hash: str, now: datetime, expires_at: datetime
    ) -> None:
        """Give the session a new token and prolong it."""
        ...

    def revoke(self, session_id: uuid.UUID, now: datetime, reason: str) -> None:
        """End a session. One that has ended before keeps its first reason."""
        ...

    def is_of_user(self, session_id: uuid.UUID, user_id: uuid.UUID) -> bool: ...

    def remove_expired(self, user_id: uuid.UUID, now: datetime) -> None: ...


class Revocations(Protocol):
    """Tells every service at once that sessions have ended."""

    def announce(self, session_ids: Sequence[uuid.UUID]) -> None: ...
