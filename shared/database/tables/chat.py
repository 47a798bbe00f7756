"""Conversations about a document."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.tables.base import Base, CreatedAt, Identifier, JsonList, one_of

MESSAGE_ROLES = ("user", "assistant")
MESSAGE_STATUSES = ("pending", "running", "done", "stopped", "failed")


class ChatSession(Base):
    """A conversation of one user about one document."""

    __tablename__ = "chat_sessions"

    id: Mapped[Identifier]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    document_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[CreatedAt]

    __table_args__ = (Index("ix_chat_sessions_user_id_id", "user_id", "id"),)


class ChatMessage(Base):
    """One turn. `client_message_id` is the client's own id; a question and its answer share it."""

    __tablename__ = "chat_messages"

    id: Mapped[Identifier]
    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("chat_sessions.id", ondelete="CASCADE")
    )
    client_message_id: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    citations: Mapped[JsonList]
    grounded: Mapped[bool | None]
    error_code: Mapped[str | None] = mapped_column(String(60))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_chat_messages_session_id_id", "session_id", "id"),
        UniqueConstraint("session_id", "client_message_id", "role"),
        CheckConstraint(one_of("role", MESSAGE_ROLES), name="role"),
        CheckConstraint(one_of("status", MESSAGE_STATUSES), name="status"),
    )
