"""Question sets and their questions."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.tables.base import (
    Base,
    CreatedAt,
    Identifier,
    Json,
    JsonList,
    one_of,
)

SET_STATUSES = ("generating", "draft", "published", "failed")
QUESTION_TYPES = ("mcq", "true_false", "short_answer", "fill_blank")
DIFFICULTIES = ("easy", "medium", "hard")
BLOOM_LEVELS = ("remember", "understand", "apply", "analyse", "evaluate", "create")


class QuestionSet(Base):
    """The questions that one generation made; `cache_key` names what would give the same again.

    `follows` is another user's set of the same key that is being made, to be copied when done.
    `unread_pages` were pictures that nobody had read when the set was asked for: what is
    transcribed of them meanwhile is no part of the text that the key names.
    """

    __tablename__ = "question_sets"

    id: Mapped[Identifier]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    document_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), unique=True
    )
    status: Mapped[str] = mapped_column(String(20), default="generating")
    title: Mapped[str] = mapped_column(String(300))
    parameters: Mapped[Json]
    cache_key: Mapped[str] = mapped_column(String(64))
    copied_from: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("question_sets.id", ondelete="SET NULL")
    )
    follows: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("question_sets.id", ondelete="SET NULL")
    )
    fresh: Mapped[bool] = mapped_column(default=False)
    unread_pages: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    requested: Mapped[int]
    delivered: Mapped[int] = mapped_column(default=0)
    shortfall_reasons: Mapped[Json]
    coverage: Mapped[Json]
    model: Mapped[str] = mapped_column(String(80))
    prompt_version: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[CreatedAt]
    completed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_question_sets_user_id_id", "user_id", "id"),
        Index(
            "ix_question_sets_cache",
            "cache_key",
            "completed_at",
            postgresql_where="completed_at IS NOT NULL",
        ),
        Index(
            "ix_question_sets_generating",
            "cache_key",
            postgresql_where="status = 'generating'",
        ),
        Index(
            "ix_question_sets_copied_from",
            "copied_from",
            postgresql_where="copied_from IS NOT NULL",
        ),
        Index("ix_question_sets_follows", "follows", postgresql_where="follows IS NOT NULL"),
        CheckConstraint(one_of("status", SET_STATUSES), name="status"),
        CheckConstraint("requested > 0", name="requested"),
        CheckConstraint("delivered >= 0 AND delivered <= requested", name="delivered"),
    )


class Question(Base):
    """A question as it stands now. `position` is its slot in the set's blueprint, from 1.

    `needs_review` says whether a blind solve disagreed with the key; null where none was made, and
    `review_reason` then says why. `replaces` is the removed question that this one was made for.
    `source_transcribed` says that the model read the page from a picture.
    """

    __tablename__ = "questions"

    id: Mapped[Identifier]
    question_set_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("question_sets.id", ondelete="CASCADE")
    )
    chunk: Mapped[int]
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    type: Mapped[str] = mapped_column(String(20))
    stem: Mapped[str] = mapped_column(Text)
    options: Mapped[JsonList]
    answer: Mapped[Any] = mapped_column(JSONB)
    rubric: Mapped[JsonList]
    explanation: Mapped[str] = mapped_column(Text)
    option_feedback: Mapped[JsonList]
    difficulty: Mapped[str] = mapped_column(String(10))
    bloom: Mapped[str] = mapped_column(String(12))
    source_page: Mapped[int]
    source_label: Mapped[str | None] = mapped_column(String(60))
    source_quote: Mapped[str] = mapped_column(Text)
    source_start: Mapped[int]
    source_end: Mapped[int]
    source_transcribed: Mapped[bool] = mapped_column(default=False, server_default=false())
    needs_review: Mapped[bool | None]
    review_reason: Mapped[str | None] = mapped_column(String(60))
    replaces: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("questions.id", ondelete="SET NULL")
    )
    removed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        Index(
            "uq_questions_question_set_id_position",
            "question_set_id",
            "position",
            unique=True,
            postgresql_where="removed_at IS NULL",
        ),
        Index("ix_questions_question_set_id", "question_set_id"),
        Index("ix_questions_replaces", "replaces", postgresql_where="replaces IS NOT NULL"),
        CheckConstraint(one_of("type", QUESTION_TYPES), name="type"),
        CheckConstraint(one_of("difficulty", DIFFICULTIES), name="difficulty"),
        CheckConstraint(one_of("bloom", BLOOM_LEVELS), name="bloom"),
        CheckConstraint(
            "source_page > 0 AND source_start >= 0 AND source_end > source_start", name="source"
        ),
    )


class QuestionVersion(Base):
    """What a question was before an edit."""

    __tablename__ = "question_versions"

    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[Json]
    replaced_by: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    replaced_at: Mapped[CreatedAt]


class Regeneration(Base):
    """A job that makes one question of a finished set again."""

    __tablename__ = "regenerations"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    question_set_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("question_sets.id", ondelete="CASCADE"), index=True
    )
    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )


class RegradeRequest(Base):
    """An edited key: the answers that were graded by an older version are to be graded again.

    `job_id` is the job that does it, until that ended for good; `tries` counts bad ends.
    It is no foreign key: a job that went with its owner is missed and made again.
    """

    __tablename__ = "regrade_requests"

    id: Mapped[Identifier]
    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    question_version: Mapped[int]
    requested_by: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    requested_at: Mapped[CreatedAt]
    handled_at: Mapped[datetime | None]
    job_id: Mapped[uuid.UUID | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        Index("ix_regrade_requests_open", "id", postgresql_where="handled_at IS NULL"),
        Index("ix_regrade_requests_job_id", "job_id", postgresql_where="job_id IS NOT NULL"),
    )
