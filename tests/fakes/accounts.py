"""Accounts and sessions in memory."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from functions.auth.ports import Account, Erased, SessionState
from shared.errors import Conflict


class AccountsInMemory:
    """The registered users, by id."""

    def __init__(self) -> None:
        self.accounts: dict[uuid.UUID, Account] = {}

    def add(self, account_id: uuid.UUID, email: str, name: str, password_hash: str) -> Account:
        if self.by_email(email):
            raise Conflict("taken", code="email_taken")
        account = Account(account_id, email, name, "learner", password_hash, datetime.now(UTC))
        self.accounts[account_id] = account
        return account

    def by_email(self, email: str) -> Account | None:
        return next((one for one in self.accounts.values() if one.email == email), None)

    def by_id(self, account_id: uuid.UUID) -> Account | None:
        return self.accounts.get(account_id)

    def set_password_hash(self, account_id: uuid.UUID, password_hash: str) -> None:
        self.accounts[account_id] = replace(self.accounts[account_id], password_hash=password_hash)

    def erase(self, account_id: uuid.UUID) -> Erased:
        self.accounts.pop(account_id, None)
        return Erased(session_ids=[], files=[])


@dataclass
class StoredSession:
    """A session and the tokens rotated from it: hash to whether it was used."""

    user_id: uuid.UUID
    expires_at: datetime
    tokens: dict[str, bool]
    revoked_at: datetime | None = None
    reason: str | None = None


class SessionsInMemory:
    """Sign-ins, by id."""

    def __init__(self, accounts: AccountsInMemory) -> None:
        self.accounts = accounts
        self.sessions: dict[uuid.UUID, StoredSession] = {}

    def open(
        self,
        session_id: uuid.UUID,
        user_id: uuid.UUID,
        token_hash: str,
        expires_at: datetime,
        user_agent: str | None,
    ) -> None:
        self.sessions[session_id] = StoredSession(user_id, expires_at, {token_hash: False})

    def lock_by_token(self, token_hash: str) -> SessionState | None:
        for session_id, stored in self.sessions.items():
            if token_hash in stored.tokens:
                role = self.accounts.accounts[stored.user_id].role
                return SessionState(
                    session_id, stored.user_id, role, stored.expires_at, stored.revoked_at
                )
        return None

    def spend_token(self, token_hash: str, now: datetime) -> bool:
        stored = next(one for one in self.sessions.values() if token_hash in one.tokens)
        unused = not stored.tokens[token_hash]
        stored.tokens[token_hash] = True
        return unused

    def rotate(
        self, session_id: uuid.UUID, token_hash: str, now: datetime, expires_at: datetime
    ) -> None:
        self.sessions[session_id].tokens[token_hash] = False
        self.sessions[session_id].expires_at = expires_at

    def revoke(self, session_id: uuid.UUID, now: datetime, reason: str) -> None:
        stored = self.sessions[session_id]
        if stored.revoked_at is None:
            stored.revoked_at, stored.reason = now, reason

    def is_of_user(self, session_id: uuid.UUID, user_id: uuid.UUID) -> bool:
        stored = self.sessions.get(session_id)
        return stored is not None and stored.user_id == user_id

    def remove_expired(self, user_id: uuid.UUID, now: datetime) -> None:
        self.sessions = {
            key: one
            for key, one in self.sessions.items()
            if one.user_id != user_id or one.expires_at > now
        }
