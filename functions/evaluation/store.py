"""An evaluation in PostgreSQL: answers, grades and the grades' cache in one transaction."""

import uuid
from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from functions.evaluation.appeal_store import (
    appeal_of_job,
    appeal_result,
    settle_fresh_grading,
    unsettled_appeal,
)
from functions.evaluation.batch_plans import answers_of
from functions.evaluation.completion import HAS_GRADE, Completion
from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.grade_store import (
    add_first_grades,
    grade_events,
    note_on_answers,
)
from functions.evaluation.ports import AnswerToGrade, BatchOutcome, NewGrade, Ungraded
from functions.evaluation.reading import answers_to_grade
from functions.evaluation.regrading_by_model import (
    RegradeCompletion,
    add_regrades,
    order_of,
    order_of_job,
)
from functions.evaluation.regrading_store import RegradeOrder, is_outdated, request_where_edited
from shared.database.tables.evaluation import Answer
from shared.database.tables.jobs import Job
from shared.errors import JobCancelled
from shared.jobs.model import Claim
from shared.jobs.portions import portions
from shared.jobs.store import JobStore, LeaseLost

# So many grades are told by one event: one may hold the feedback of each.
_TOLD_AT_ONCE = 40


class PostgresEvaluationStore:
    """The pipeline's store within one session."""

    def __init__(self, session: Session, cache: GradeCache) -> None:
        self._session = session
        self._cache = cache
        self._jobs = JobStore(session)
        self._completion = Completion(session, self._jobs)

    def start(self, job_id: uuid.UUID) -> bool:
        """Mark the job as running, if it isn't yet."""
        return self._jobs.start_queued(job_id)

    def open_answers(self, claim: Claim) -> list[AnswerToGrade]:
        """Those of the batch's answers that have no grade yet, or an outdated one, by their ids."""
        order = order_of(claim.payload)
        waiting = is_outdated(order.question_version) if order else ~HAS_GRADE
        return answers_to_grade(self._session, answers_of(claim.payload), waiting)

    def from_cache(self, answers: Sequence[AnswerToGrade]) -> list[NewGrade]:
        """Grades that equal answers have got meanwhile."""
        return self._cache.find(answers)

    def keep(self, claim: Claim, outcome: BatchOutcome) -> None:
        """Store grades of a batch that is not finished."""
        job = self._jobs.lock_active(claim.job_id)
        if not self._jobs.check(claim):
            raise LeaseLost("The batch was finished by another worker.")
        self._store(job, outcome, order_of(claim.payload))
        self._cache.remember(outcome.fresh)

    def finish_batch(self, claim: Claim, outcome: BatchOutcome) -> None:
        """Store the grades, mark the chunk done and tell it, all in this transaction.

        The batch that grades a submission's last answer also completes it, and the last one the
        job; where anything is open, that is left to `complete`.
        """
        reasons = {str(one.answer_id): one.reason for one in outcome.ungraded}
        job = self._jobs.finish_chunk(claim, {"ungraded": reasons})
        order = order_of(claim.payload)
        self._store(job, outcome, order)
        if order is None:
            self._completion.complete_graded(job, answers_of(claim.payload))
        else:
            RegradeCompletion(self._session, self._jobs, order).complete_graded(job)
        self._cache.remember(outcome.fresh)

    def _store(self, job: Job, outcome: BatchOutcome, order: RegradeOrder | None) -> None:
        if order is None:
            graded = self._add_first(outcome)
        else:
            graded = add_regrades(self._session, outcome.grades, order)
        self._tell(job, graded, len(outcome.grades) - len(graded) + len(outcome.ungraded))

    def _add_first(self, outcome: BatchOutcome) -> list[uuid.UUID]:
        grades = outcome.grades
        add_first_grades(self._session, grades)
        note_on_answers(self._session, grades)
        for one in outcome.ungraded:
            self._mark_ungraded([one.answer_id], one.reason)
        graded = [grade.answer_id for grade in grades]
        request_where_edited(self._session, graded)
        return graded

    def _tell(self, job: Job, graded: Sequence[uuid.UUID], others: int) -> None:
        """Tell the fresh grades; `others` are done too, without one."""
        told = grade_events(self._session, graded)
        job.done = min(job.done + others, job.total)
        for portion in portions(told, _TOLD_AT_ONCE) if told else [[]]:
            self._jobs.progress(job, job.done + len(portion), {"grades": portion})

    def _mark_ungraded(self, answer_ids: Sequence[uuid.UUID], reason: str) -> None:
        self._session.execute(
            update(Answer).where(Answer.id.in_(answer_ids)).values(ungraded_reason=reason)
        )

    def appealed(self, appeal_id: uuid.UUID) -> AnswerToGrade:
        """The answer of an appeal. Raises JobCancelled where the appeal was settled meanwhile."""
        appeal = unsettled_appeal(self._session, appeal_id)
        if appeal is None:
            raise JobCancelled("The appeal was settled.")
        return answers_to_grade(self._session, [appeal.answer_id])[0]

    def finish_appeal(self, claim: Claim, appeal_id: uuid.UUID, fresh: NewGrade | Ungraded) -> None:
        """Store an appeal's fresh grading, mark the chunk done and tell it, all at once."""
        job = self._jobs.finish_chunk(claim, {"appeal": str(appeal_id)})
        appeal = unsettled_appeal(self._session, appeal_id)
        if appeal is not None:
            settle_fresh_grading(self._session, self._cache, appeal, fresh)
        self._jobs.progress(job, job.total, {"grades": []})
        if appeal is not None:
            self._jobs.complete(job.id, appeal_result(self._session, appeal))

    def complete(self, job_id: uuid.UUID) -> None:
        """End the job by whether every answer got its grade, with its submissions or its appeal."""
        job = self._jobs.lock_active(job_id)
        appeal = appeal_of_job(self._session, job_id)
        order = order_of_job(self._session, job_id)
        if order is not None:
            RegradeCompletion(self._session, self._jobs, order).end(job)
        elif appeal is None:
            self._completion.end(job)
        elif appeal.status == "grading":
            self._jobs.fail(job_id, "appeal_not_graded", "The answer could not be graded anew.")
        else:
            self._jobs.complete(job_id, appeal_result(self._session, appeal))

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool:
        """End the job badly, and with it what waits for it."""
        return self._jobs.fail(job_id, code, message)
