"""Requests for regrading in PostgreSQL: which are open, and which are due again.

A request that a job carries out names it. Where that job ends badly, the request is due again after
a pause, a few times; whatever was graded meanwhile is no longer of an older version, so another
job asks about the rest only.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from shared.database.tables.jobs import Job, JobChunk
from shared.database.tables.questions import Question, RegradeRequest
from shared.jobs.model import ACTIVE, JobStatus
from shared.observability import get_logger

# A job may be tried again after 5 min, 20 min, 1 h 20 min, 5 h 20 min and 21 h 20 min: past an
# outage of minutes, and past the day after which budgets and quotas are new.
MOST_RETRIES = 5
FIRST_PAUSE = timedelta(minutes=5)
_LONGER_BY = 4
ANSWERS_NOT_REGRADED = "answers_not_regraded"

_OPEN = RegradeRequest.handled_at.is_(None)
_HAS_JOB = RegradeRequest.job_id.is_not(None)


class RegradeRequests:
    """The requests within one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def questions(self, limit: int) -> list[uuid.UUID]:
        """Questions with requests to handle, the longest waiting ones first."""
        return self._questions(select(RegradeRequest.question_id), limit)

    def questions_of_set(self, question_set_id: uuid.UUID) -> list[uuid.UUID]:
        """Those of one set."""
        query = select(RegradeRequest.question_id).join(
            Question, Question.id == RegradeRequest.question_id
        )
        return self._questions(query.where(Question.question_set_id == question_set_id))

    def _questions(self, query: Select[uuid.UUID], limit: int | None = None) -> list[uuid.UUID]:
        wanted = query.where(_to_handle()).order_by(RegradeRequest.id).limit(limit)
        return list(dict.fromkeys(self._session.execute(wanted).scalars()))

    def take(self, question_id: uuid.UUID) -> RegradeRequest | None:
        """All that is to be handled of a question as one request, the newest, locked and handled.

        None where nothing is, or another transaction is handling it.
        """
        locked = self._lock(question_id)
        # Asked again under the lock: a job that another transaction has just made is seen now.
        query = select(RegradeRequest.id).where(
            RegradeRequest.id.in_([one.id for one in locked]), _to_handle()
        )
        due = set(self._session.execute(query).scalars())
        if not due:
            return None
        for request in locked:
            self._handle(request, newest=request is locked[-1])
        return locked[-1]

    def _lock(self, question_id: uuid.UUID) -> Sequence[RegradeRequest]:
        query = (
            select(RegradeRequest)
            .where(RegradeRequest.question_id == question_id, or_(_OPEN, _HAS_JOB))
            .order_by(RegradeRequest.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return self._session.execute(query).scalars().all()

    def _handle(self, request: RegradeRequest, *, newest: bool) -> None:
        """The newest request stands for all; a job of it that ended badly counts as a try."""
        if newest and request.handled_at is not None:
            request.tries += 1
        request.handled_at = request.handled_at or datetime.now(UTC)
        request.job_id = None

    def settle(self) -> int:
        """Let go of requests whose jobs ended well, by a person's wish, or badly too often."""
        given_up = self._let_go(RegradeRequest.tries >= MOST_RETRIES, _ended_badly())
        for question_id in given_up:
            get_logger().error(
                "answers keep grades of an older version", extra={"question_id": str(question_id)}
            )
        done = self._let_go(exists().where(_job(Job.status.not_in(ACTIVE))), ~_ended_badly())
        return len(given_up) + len(done)

    def _let_go(self, *conditions: ColumnElement[bool]) -> Sequence[uuid.UUID]:
        settled = (
            update(RegradeRequest)
            .where(_HAS_JOB, *conditions)
            .values(job_id=None)
            .returning(RegradeRequest.question_id)
            .execution_options(synchronize_session=False)
        )
        return self._session.execute(settled).scalars().all()


def _to_handle() -> ColumnElement[bool]:
    """Whether a request is open, or its job ended badly long enough ago."""
    now = datetime.now(UTC)
    due = [
        and_(RegradeRequest.tries == tries, _ended_badly(now - FIRST_PAUSE * _LONGER_BY**tries))
        for tries in range(MOST_RETRIES)
    ]
    return or_(_OPEN, and_(_HAS_JOB, or_(*due)))


def _ended_badly(by: datetime | None = None) -> ColumnElement[bool]:
    """Whether a request's job failed of what time may mend, or is gone with whom it belonged to.

    An answer that the model refuses would be refused again.
    """
    lost_batch = exists().where(JobChunk.job_id == Job.id, JobChunk.error_code.is_not(None))
    mendable = or_(Job.error_code != ANSWERS_NOT_REGRADED, lost_batch)
    failed = _job(Job.status == JobStatus.FAILED, mendable)
    if by is not None:
        failed = and_(failed, Job.finished_at <= by)
    return or_(exists().where(failed), ~exists().where(_job()))


def _job(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(Job.id == RegradeRequest.job_id, *conditions)
