"""Submissions, their answers, every grade these were given, appeals, and the grades' cache."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
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

SUBMISSION_STATUSES = ("grading", "completed", "failed")
VERDICTS = ("correct", "partial", "incorrect", "blank")
GRADE_SOURCES = ("rule", "model", "cache", "human")
APPEAL_STATUSES = (
    *("grading", "open", "failed"),
    *("confirmed", "accepted", "rejected", "overridden"),
)


class Submission(Base):
    """One learner's answers to one question set.

    `user_id` handed them in. `learner` is the roster's name for a learner without an account, whose
    answers somebody else handed in, and `learner_key` what stays when that name changes;
    submissions of one such call share a job.
    """

    __tablename__ = "submissions"

    id: Mapped[Identifier]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    question_set_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("question_sets.id", ondelete="CASCADE"), index=True
    )
    learner: Mapped[str | None] = mapped_column(String(100))
    learner_key: Mapped[str | None] = mapped_column(String(100))
    job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), index=True
    )
    status: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[CreatedAt]
    completed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_submissions_user_id_id", "user_id", "id"),
        CheckConstraint(one_of("status", SUBMISSION_STATUSES), name="status"),
    )


class Answer(Base):
    """What a learner answered to one question, with the question as it stood then."""

    __tablename__ = "answers"

    id: Mapped[Identifier]
    submission_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("submissions.id", ondelete="CASCADE")
    )
    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    question_version: Mapped[int]
    position: Mapped[int]
    answer: Mapped[Any] = mapped_column(JSONB)
    max_score: Mapped[float]
    flags: Mapped[JsonList]
    ungraded_reason: Mapped[str | None] = mapped_column(String(60))

    __table_args__ = (
        UniqueConstraint("submission_id", "question_id"),
        CheckConstraint("max_score > 0", name="max_score"),
    )


class Grade(Base):
    """One grade of an answer. The highest version is in force; the others are its history."""

    __tablename__ = "grades"

    id: Mapped[Identifier]
    answer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"))
    version: Mapped[int]
    score: Mapped[float]
    max_score: Mapped[float]
    verdict: Mapped[str] = mapped_column(String(12))
    feedback: Mapped[str] = mapped_column(Text)
    criteria: Mapped[JsonList]
    source: Mapped[str] = mapped_column(String(8))
    provenance: Mapped[Json]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("answer_id", "version"),
        CheckConstraint("score >= 0 AND score <= max_score", name="score_in_range"),
        CheckConstraint(one_of("verdict", VERDICTS), name="verdict"),
        CheckConstraint(one_of("source", GRADE_SOURCES), name="source"),
    )


class Appeal(Base):
    """A learner's doubt about a grade, the fresh grading it led to, and how it ended.

    `grade_version` is the doubted grade, null where the answer had none. `fresh` holds the fresh
    grading, which a teacher may accept; it is null where nothing could judge the answer anew.
    """

    __tablename__ = "appeals"

    id: Mapped[Identifier]
    answer_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("answers.id", ondelete="CASCADE"), index=True
    )
    job_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="SET NULL"), unique=True
    )
    status: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text)
    grade_version: Mapped[int | None]
    grade_source: Mapped[str | None] = mapped_column(String(8))
    differs: Mapped[bool | None]
    fresh: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    failure: Mapped[str | None] = mapped_column(String(60))
    decided_by: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    decision_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_appeals_unsettled",
            "answer_id",
            unique=True,
            postgresql_where="status IN ('grading', 'open')",
        ),
        Index("ix_appeals_status_id", "status", "id"),
        CheckConstraint(one_of("status", APPEAL_STATUSES), name="status"),
    )


class CachedGrade(Base):
    """A model's or a person's grade, found again by the answer's canonical key in its scope.

    It quotes the answer that it was given for, so it goes when that answer does. `scope` names what
    else the grade depends on: question version, rubric, language, model and prompt version.
    """

    __tablename__ = "cached_grades"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    scope: Mapped[str] = mapped_column(String(64), index=True)
    question_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("questions.id", ondelete="CASCADE"), index=True
    )
    answer_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("answers.id", ondelete="CASCADE"), index=True
    )
    source: Mapped[str] = mapped_column(String(8))
    score: Mapped[float]
    max_score: Mapped[float]
    verdict: Mapped[str] = mapped_column(String(12))
    feedback: Mapped[str] = mapped_column(Text)
    criteria: Mapped[JsonList]
    provenance: Mapped[Json]
    created_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("source IN ('model', 'human')", name="source"),)
