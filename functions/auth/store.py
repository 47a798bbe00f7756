"""Accounts and sessions in PostgreSQL, within the caller's transaction."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from functions.auth.ports import Account, Erased, SessionState
from shared.database.tables.documents import Document
from shared.database.tables.users import IdempotencyRecord, RefreshToken, User
from shared.database.tables.users import Session as SessionRow
from shared.errors import Conflict
from shared.identifiers import new_id
from shared.pagination import PageRequest
from shared.storage.deletions import DeletionNotes

_USER_AGENT_CHARACTERS = 300


class AccountStore:
    """The registered users."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, account_id: uuid.UUID, email: str, name: str, password_hash: str) -> Account:
        """Raises Conflict `email_taken`; of two at the same moment one gets the address."""
        added = self._session.execute(
            insert(User)
            .values(
                id=account_id, email=email, name=name, password_hash=password_hash, role="learner"
            )
            .on_conflict_do_nothing()
            .returning(User)
        ).scalar_one_or_none()
        if added is None:
            raise Conflict("This email address is registered already.", code="email_taken")
        return _account(added)

    def by_email(self, email: str) -> Account | None:
        """The account of a normalised address."""
        return self._one(select(User).where(User.email == email))

    def by_id(self, account_id: uuid.UUID) -> Account | None:
        """The account with this id."""
        return self._one(select(User).where(User.id == account_id))

    def _one(self, query: Select[User]) -> Account | None:
        user = self._session.execute(query).scalar_one_or_none()
        return _account(user) if user else None

    def set_password_hash(self, account_id: uuid.UUID, password_hash: str) -> None:
        """Replace the password's hash."""
        self._session.execute(
            update(User).where(User.id == account_id).values(password_hash=password_hash)
        )

    def erase(self, account_id: uuid.UUID) -> Erased:
        """Delete the account; foreign keys take all that hangs on it, notes its files."""
        # The lock comes first: no session or document can be added while they are collected.
        self._session.execute(select(User.id).where(User.id == account_id).with_for_update())
        sessions = self._session.scalars(
            select(SessionRow.id).where(SessionRow.user_id == account_id)
        ).all()
        files = DeletionNotes(self._session).add_files_of(Document.user_id == account_id)
        self._session.execute(
            delete(IdempotencyRecord).where(
                or_(
                    IdempotencyRecord.scope == str(account_id),
                    IdempotencyRecord.response["user"]["id"].astext == str(account_id),
                )
            )
        )
        self._session.execute(delete(User).where(User.id == account_id))
        return Erased(session_ids=sessions, files=files)


class SessionStore:
    """Sign-ins and their refresh tokens."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(
        self,
        session_id: uuid.UUID,
        user_id: uuid.UUID,
        token_hash: str,
        expires_at: datetime,
        user_agent: str | None,
    ) -> None:
        """Add a session with its first token."""
        self._session.execute(
            insert(SessionRow).values(
                id=session_id,
                user_id=user_id,
                expires_at=expires_at,
                user_agent=user_agent[:_USER_AGENT_CHARACTERS] if user_agent else None,
            )
        )
        self._add_token(session_id, token_hash)

    def _add_token(self, session_id: uuid.UUID, token_hash: str) -> None:
        self._session.execute(
            insert(RefreshToken).values(id=new_id(), session_id=session_id, token_hash=token_hash)
        )

    def lock_by_token(self, token_hash: str) -> SessionState | None:
        """The session is locked before its tokens, here and where accounts are erased."""
        row = self._session.execute(
            select(SessionRow, User.role)
            .join(User, User.id == SessionRow.user_id)
            .join(RefreshToken, RefreshToken.session_id == SessionRow.id)
            .where(RefreshToken.token_hash == token_hash)
            .with_for_update(of=SessionRow)
        ).one_or_none()
        if row is None:
            return None
        found, role = row
        return SessionState(found.id, found.user_id, role, found.expires_at, found.revoked_at)

    def spend_token(self, token_hash: str, now: datetime) -> bool:
        """Mark a token as used; False where it was used before."""
        spent = self._session.execute(
            update(RefreshToken)
            .where(RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_(None))
            .values(used_at=now)
            .returning(RefreshToken.id)
        ).one_or_none()
        return spent is not None

    def rotate(
        self, session_id: uuid.UUID, token_hash: str, now: datetime, expires_at: datetime
    ) -> None:
        """Give the session a new token and prolong it."""
        self._add_token(session_id, token_hash)
        self._session.execute(
            update(SessionRow)
            .where(SessionRow.id == session_id)
            .values(last_used_at=now, expires_at=expires_at)
        )

    def revoke(self, session_id: uuid.UUID, now: datetime, reason: str) -> None:
        """End a session, once."""
        self._session.execute(
            update(SessionRow)
            .where(SessionRow.id == session_id, SessionRow.revoked_at.is_(None))
            .values(revoked_at=now, revoked_reason=reason)
        )

    def is_of_user(self, session_id: uuid.UUID, user_id: uuid.UUID) -> bool:
        """Whether the user has or had this session."""
        query = select(SessionRow.id).where(
            SessionRow.id == session_id, SessionRow.user_id == user_id
        )
        return self._session.execute(query).one_or_none() is not None

    def remove_expired(self, user_id: uuid.UUID, now: datetime) -> None:
        """Forget sessions whose tokens no longer work anyway."""
        self._session.execute(
            delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.expires_at <= now)
        )

    def living(self, user_id: uuid.UUID, now: datetime, page: PageRequest) -> Sequence[SessionRow]:
        """A page of the sessions that can still be used."""
        query = select(SessionRow).where(
            SessionRow.user_id == user_id,
            SessionRow.revoked_at.is_(None),
            SessionRow.expires_at > now,
        )
        return self._session.scalars(page.apply(query, SessionRow.id)).all()


def _account(user: User) -> Account:
    return Account(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        password_hash=user.password_hash,
        created_at=user.created_at,
    )
