"""One generation for all who ask for the same: running ones are followed, finished ones copied."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from functions.questions.results import set_result
from functions.questions.rows import copied_row
from functions.questions.schemas import question_view
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.jobs.model import ACTIVE
from shared.jobs.store import JobStore

# Frames to sockets are at most 128 KB; a question with four options and feedback is about 2 KB.
_TOLD_AT_ONCE = 10


class SharedGenerations:
    """The generations of all users by cache key. The key holds the file's hash: who has the file
    may have its questions."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._jobs = JobStore(session)

    def lock(self, key: str) -> None:
        """Let nobody else decide about this key until the transaction ends."""
        self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))

    def running_of(
        self, user_id: uuid.UUID, document_id: uuid.UUID, key: str
    ) -> tuple[Job, QuestionSet] | None:
        """The user's own generation of the same thing that is under way."""
        query = self._running(key).where(
            QuestionSet.user_id == user_id, QuestionSet.document_id == document_id
        )
        found = self._session.execute(query.limit(1)).first()
        return (found[0], found[1]) if found else None

    def leader(self, key: str, other_than: uuid.UUID) -> QuestionSet | None:
        """A set that is really being made, not one that waits for another."""
        query = self._running(key).where(
            QuestionSet.id != other_than, QuestionSet.follows.is_(None)
        )
        found = self._session.execute(query.order_by(QuestionSet.id).limit(1)).first()
        return found[1] if found else None

    @staticmethod
    def _running(key: str) -> Select[Job, QuestionSet]:
        return (
            select(Job, QuestionSet)
            .join(QuestionSet, QuestionSet.job_id == Job.id)
            .where(
                QuestionSet.cache_key == key,
                QuestionSet.status == "generating",
                Job.status.in_(ACTIVE),
                Job.deadline_at > datetime.now(UTC),
            )
        )

    def is_under_way(self, question_set: QuestionSet) -> bool:
        """Whether the set is still being made."""
        job = self._session.get(Job, question_set.job_id, populate_existing=True)
        return (
            question_set.status == "generating"
            and job is not None
            and job.status in ACTIVE
            and job.deadline_at > datetime.now(UTC)
        )

    def finished(self, key: str) -> QuestionSet | None:
        """The newest complete set of the same thing."""
        query = (
            select(QuestionSet)
            .where(
                QuestionSet.cache_key == key,
                QuestionSet.completed_at.is_not(None),
                QuestionSet.delivered == QuestionSet.requested,
                QuestionSet.copied_from.is_(None),
                QuestionSet.edited_at.is_(None),
            )
            .order_by(QuestionSet.completed_at.desc())
        )
        return self._session.execute(query.limit(1)).scalar_one_or_none()

    def copy(self, source: QuestionSet, target: QuestionSet, job: Job) -> None:
        """Complete `target` with the questions of `source`: a hit of the cache, without a call."""
        rows = [copied_row(row, target.id) for row in self._questions(source.id)]
        self._session.add_all(rows)
        target.delivered = source.delivered
        target.shortfall_reasons = source.shortfall_reasons
        target.coverage = source.coverage
        target.copied_from, target.follows = source.id, None
        target.status = "draft"
        target.completed_at = datetime.now(UTC)
        self._session.flush()
        self._jobs.start(job.id)
        for start in range(0, len(rows), _TOLD_AT_ONCE):
            told = rows[start : start + _TOLD_AT_ONCE]
            views = [question_view(row, with_keys=False).model_dump(mode="json") for row in told]
            self._jobs.progress(job, start + len(told), {"questions": views})
        self._jobs.complete(job.id, set_result(target), cached=True)

    def _questions(self, set_id: uuid.UUID) -> Sequence[Question]:
        query = select(Question).where(
            Question.question_set_id == set_id, Question.removed_at.is_(None)
        )
        return self._session.execute(query.order_by(Question.position)).scalars().all()
