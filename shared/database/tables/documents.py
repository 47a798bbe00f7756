"""Documents and the text of their pages."""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.tables.base import Base, CreatedAt, Identifier, JsonList, one_of

DOCUMENT_STATUSES = ("awaiting_upload", "processing", "ready", "rejected")
OCR_STATUSES = ("needs_ocr", "transcribing", "done")
TRANSCRIPTION = "transcription"
TEXT_SOURCES = ("text_layer", TRANSCRIPTION)


class Document(Base):
    """An uploaded PDF and what reading it found.

    `ocr_status` is null where no page needs transcription. `transcript_digest` names the
    transcribed text: the same file may have other text in another user's document. `outline` holds
    the PDF's bookmarks: {"title", "page", "level"} in order.
    """

    __tablename__ = "documents"

    id: Mapped[Identifier]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    filename: Mapped[str] = mapped_column(String(255))
    object_key: Mapped[str] = mapped_column(String(300), unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(20), default="awaiting_upload")
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_message: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    title: Mapped[str | None] = mapped_column(String(300))
    language: Mapped[str | None] = mapped_column(String(20))
    outline: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    page_count: Mapped[int | None]
    character_count: Mapped[int | None]
    reader_version: Mapped[int | None]
    ocr_status: Mapped[str | None] = mapped_column(String(20))
    ocr_error_code: Mapped[str | None] = mapped_column(String(60))
    ocr_job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )
    ocr_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    ocr_retry_at: Mapped[datetime | None]
    transcript_digest: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]
    processing_started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_documents_user_id_id", "user_id", "id"),
        Index(
            "ix_documents_awaiting_upload",
            "created_at",
            postgresql_where="status = 'awaiting_upload'",
        ),
        Index(
            "ix_documents_ocr_retry_at",
            "ocr_retry_at",
            postgresql_where="ocr_retry_at IS NOT NULL",
        ),
        CheckConstraint(one_of("ocr_status", OCR_STATUSES), name="ocr_status"),
        CheckConstraint(
            "ocr_retry_at IS NULL OR ocr_status = 'needs_ocr'", name="only_unread_is_retried"
        ),
        CheckConstraint(one_of("status", DOCUMENT_STATUSES), name="status"),
        CheckConstraint("size_bytes > 0", name="size"),
        CheckConstraint(
            "status <> 'ready' OR (sha256 IS NOT NULL AND page_count > 0)", name="ready_is_read"
        ),
        CheckConstraint(
            "(status = 'rejected') = (error_code IS NOT NULL)", name="rejected_has_a_reason"
        ),
    )


class DocumentPage(Base):
    """One page's text; `search` is its index for full-text queries.

    `text_source` is null as long as nobody knows what the page says; a blank page has a source.
    `transcription_error` is why a transcription of the page came to nothing.
    """

    __tablename__ = "document_pages"

    document_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[str | None] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    characters: Mapped[int]
    has_text: Mapped[bool]
    text_source: Mapped[str | None] = mapped_column(String(20))
    transcription_error: Mapped[str | None] = mapped_column(String(60))
    search: Mapped[str] = mapped_column(
        TSVECTOR, Computed("to_tsvector('simple', left(text, 100000))", persisted=True)
    )

    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(one_of("text_source", TEXT_SOURCES), name="text_source"),
        Index("ix_document_pages_search", "search", postgresql_using="gin"),
    )
