"""Grades free answers again: what is worth nothing by rule at once, the rest by a job's batches."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from functions.evaluation.batch_plans import answers_of
from functions.evaluation.grade_store import newest_grade
from functions.evaluation.grading import zero_grade
from functions.evaluation.ports import NewGrade
from functions.evaluation.regrading_by_rule import differs
from functions.evaluation.regrading_requests import ANSWERS_NOT_REGRADED
from functions.evaluation.regrading_store import (
    AskedAgain,
    RegradeOrder,
    add_further_grade,
    is_outdated,
)
from shared.database.tables.evaluation import Answer
from shared.database.tables.jobs import Job, JobChunk
from shared.jobs.store import JobStore


def regrade_zeros(
    session: Session, asked: AskedAgain, order: RegradeOrder
) -> tuple[int, list[uuid.UUID]]:
    """Grade what is worth nothing by rule now. Returns how many grades changed, and the answers
    that a model must judge."""
    changed, left, free = 0, [], asked.free
    for answer, before in asked.answers:
        zero = zero_grade(answer.id, free, answer.answer)
        if zero is None:
            left.append(answer.id)
            continue
        answer.question_version = free.version
        if differs(zero, before):
            changed += 1
            add_further_grade(session, zero, before, order)
    session.flush()
    return changed, left


def order_of(payload: dict[str, Any]) -> RegradeOrder | None:
    """The order that a chunk is part of, if it grades again."""
    order = payload.get("regrade")
    if order is None:
        return None
    by_user = uuid.UUID(order["by"]) if order["by"] else None
    return RegradeOrder(
        uuid.UUID(order["question_id"]), order["question_version"], by_user, order["reason"]
    )


def order_of_job(session: Session, job_id: uuid.UUID) -> RegradeOrder | None:
    """The order that a job carries out, if it grades again."""
    query = select(JobChunk.payload).where(JobChunk.job_id == job_id)
    payload = session.execute(query.order_by(JobChunk.ordinal).limit(1)).scalar()
    return order_of(payload) if payload else None


def add_regrades(
    session: Session, grades: Iterable[NewGrade], order: RegradeOrder
) -> list[uuid.UUID]:
    """Store further grades; the answers that got one.

    A person's grade stands, and so does one that was judged by this version or a later one: by
    another worker, or by a later edit's job.
    """
    return [
        grade.answer_id
        for grade in sorted(grades, key=lambda one: one.answer_id)
        if _add_regrade(session, grade, order)
    ]


def _add_regrade(session: Session, grade: NewGrade, order: RegradeOrder) -> bool:
    answer = session.execute(
        select(Answer)
        .where(Answer.id == grade.answer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    before = newest_grade(session, answer.id)
    version = grade.provenance.get("question_version", order.question_version)
    if before is None or before.source == "human" or answer.question_version >= version:
        return False
    add_further_grade(session, grade, before, order)
    answer.question_version = version
    session.flush()
    return True


class RegradeCompletion:
    """Ends a job that grades again, within one session. The job must be locked."""

    def __init__(self, session: Session, jobs: JobStore, order: RegradeOrder) -> None:
        self._session = session
        self._jobs = jobs
        self._order = order

    def complete_graded(self, job: Job) -> None:
        """Complete the job if this was its last batch and nothing is left."""
        unfinished = select(JobChunk.ordinal).where(
            JobChunk.job_id == job.id, JobChunk.status != "done"
        )
        open_chunk = bool(self._session.scalar(select(unfinished.exists())))
        if not open_chunk and not self._left(job.id):
            self._complete(job)

    def end(self, job: Job) -> None:
        """End what is left: what nothing could judge keeps its grade, and the job fails."""
        left = self._left(job.id)
        if not left:
            self._complete(job)
            return
        message = f"{left} answers could not be graded again and keep their grades."
        self._jobs.fail(job.id, ANSWERS_NOT_REGRADED, message)

    def _complete(self, job: Job) -> None:
        result = {
            "question_id": str(self._order.question_id),
            "question_version": self._order.question_version,
            "answers": job.total,
        }
        self._jobs.complete(job.id, result)

    def _left(self, job_id: uuid.UUID) -> int:
        wanted = is_outdated(self._order.question_version)
        query = select(func.count()).where(Answer.id.in_(self._answers(job_id)), wanted)
        return self._session.execute(query).scalar_one()

    def _answers(self, job_id: uuid.UUID) -> Sequence[uuid.UUID]:
        payloads = select(JobChunk.payload).where(JobChunk.job_id == job_id)
        return [
            one
            for payload in self._session.execute(payloads).scalars()
            for one in answers_of(payload)
        ]
