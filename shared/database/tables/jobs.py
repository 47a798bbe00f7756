"""Jobs, the chunks of work in them, and the log of their events."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.tables.base import Base, CreatedAt, Identifier, Json, one_of

JOB_KINDS = ("generation", "evaluation", "transcription")
JOB_STATUSES = ("queued", "running", "waiting", "completed", "failed", "cancelled")
CHUNK_STATUSES = ("pending", "running", "done", "failed")


class Job(Base):
    """Work that takes longer than a request; `last_seq` is the number of its newest event."""

    __tablename__ = "jobs"

    id: Mapped[Identifier]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="queued")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    cached: Mapped[bool] = mapped_column(default=False)
    waiting_reason: Mapped[str | None] = mapped_column(String(60))
    waiting_until: Mapped[datetime | None]
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_message: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    last_seq: Mapped[int] = mapped_column(default=0)
    deadline_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_jobs_user_id_id", "user_id", "id"),
        Index(
            "ix_jobs_unfinished",
            "deadline_at",
            postgresql_where="status IN ('queued', 'running', 'waiting')",
        ),
        Index("ix_jobs_finished_at", "finished_at", postgresql_where="finished_at IS NOT NULL"),
        CheckConstraint(one_of("kind", JOB_KINDS), name="kind"),
        CheckConstraint(one_of("status", JOB_STATUSES), name="status"),
        CheckConstraint("done >= 0 AND done <= total", name="done_within_total"),
        CheckConstraint("(status = 'failed') = (error_code IS NOT NULL)", name="failed_says_why"),
    )


class JobChunk(Base):
    """One piece of a job's work. A worker holds it by a lease; what it makes is stored once."""

    __tablename__ = "job_chunks"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(20), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    payload: Mapped[Json]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_message: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("ordinal > 0", name="ordinal"),
        CheckConstraint(one_of("status", CHUNK_STATUSES), name="status"),
        CheckConstraint(
            "status <> 'running' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL)",
            name="running_is_leased",
        ),
    )


class JobEvent(Base):
    """One event of a job; `seq` counts 1, 2, 3 … with no gap."""

    __tablename__ = "job_events"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(30))
    payload: Mapped[Json]
    at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("seq > 0", name="seq"),)
