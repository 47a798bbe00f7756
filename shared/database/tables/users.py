"""Users, their sessions and refresh tokens, and the record of idempotent calls."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.tables.base import Base, CreatedAt, Identifier, one_of

ROLES = ("learner", "teacher", "admin")


class User(Base):
    """A person who signs in. The email is unique whatever its case."""

    __tablename__ = "users"

    id: Mapped[Identifier]
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(16), default="learner")
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        Index("uq_users_email", func.lower(email), unique=True),
        CheckConstraint(one_of("role", ROLES), name="role"),
    )


class Session(Base):
    """A sign-in and all the token pairs that were rotated from it."""

    __tablename__ = "sessions"

    id: Mapped[Identifier]
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None] = mapped_column(String(40))
    user_agent: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (
        Index("ix_sessions_revoked_at", "revoked_at", postgresql_where="revoked_at IS NOT NULL"),
    )


class RefreshToken(Base):
    """One refresh token, by its SHA-256; it works once."""

    __tablename__ = "refresh_tokens"

    id: Mapped[Identifier]
    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[CreatedAt] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class IdempotencyRecord(Base):
    """The answer once given to an Idempotency-Key: a repeat gets it and does nothing."""

    __tablename__ = "idempotency_records"

    id: Mapped[Identifier]
    scope: Mapped[str] = mapped_column(String(80))
    route: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(200))
    body_hash: Mapped[str] = mapped_column(String(64))
    status_code: Mapped[int]
    response: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt] = mapped_column(index=True)

    __table_args__ = (UniqueConstraint("scope", "route", "key"),)
