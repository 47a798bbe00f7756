"""An evaluation in PostgreSQL: answers, grades and the grades' cache in one transaction."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from functions.evaluation.appeal_store import (
    appeal_of_job,
    appeal_result,
    settle_fresh_grading,
    unsettled_appeal,
)
from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.grade_store import (
    add_first_grades,
    grade_events,
    grades_in_force,
    note_on_answer,
)
from functions.evaluation.ports import AnswerToGrade, BatchOutcome, NewGrade, Ungraded
from functions.evaluation.reading import answers_to_grade, submission_of_job
from shared.database.tables.evaluation import Answer, Grade, Submission
from shared.database.tables.jobs import Job, JobChunk
from shared.errors import JobCancelled
from shared.jobs.model import Claim
from shared.jobs.store import JobStore, LeaseLost

_HAS_GRADE = exists().where(Grade.answer_id == Answer.id)
_UNFINISHED = "unfinished"


class PostgresEvaluationStore:
    """The pipeline's store within one session."""

    def __init__(self, session: Session, cache: GradeCache) -> None:
        self._session = session
        self._cache = cache
        self._jobs = JobStore(session)

    def start(self, job_id: uuid.UUID) -> None:
        """Mark the job as running."""
        self._jobs.start(job_id)

    def ungraded(self, answer_ids: Sequence[uuid.UUID]) -> list[AnswerToGrade]:
        """Those of the answers that have no grade yet, in the order of their ids."""
        return answers_to_grade(self._session, answer_ids, ~_HAS_GRADE)

    def from_cache(self, answers: Sequence[AnswerToGrade]) -> list[NewGrade]:
        """Grades that equal answers have got meanwhile."""
        return self._cache.find(answers)

    def keep(self, claim: Claim, outcome: BatchOutcome) -> None:
        """Store grades of a batch that is not finished."""
        job = self._jobs.lock_active(claim.job_id)
        if not self._jobs.check(claim):
            raise LeaseLost("The batch was finished by another worker.")
        self._store(job, outcome)

    def finish_batch(self, claim: Claim, outcome: BatchOutcome) -> None:
        """Store the grades, mark the chunk done and tell it, all in this transaction.

        The batch that grades the last answer also completes the submission, so that nobody waits
        for the state machine's own end; where anything is open, that is left to `complete`.
        """
        reasons = {str(one.answer_id): one.reason for one in outcome.ungraded}
        job = self._jobs.finish_chunk(claim, {"ungraded": reasons})
        self._store(job, outcome)
        submission = submission_of_job(self._session, job.id)
        if submission is not None and not self._is_open(job.id, submission.id):
            self._complete_submission(job, submission)

    def _is_open(self, job_id: uuid.UUID, submission_id: uuid.UUID) -> bool:
        """Whether a chunk is not done, or an answer has no grade."""
        chunks = select(JobChunk.ordinal).where(
            JobChunk.job_id == job_id, JobChunk.status != "done"
        )
        answers = select(Answer.id).where(Answer.submission_id == submission_id, ~_HAS_GRADE)
        return bool(self._session.scalar(select(chunks.exists() | answers.exists())))

    def _store(self, job: Job, outcome: BatchOutcome) -> None:
        grades = outcome.grades
        add_first_grades(self._session, grades)
        for grade in grades:
            note_on_answer(self._session, grade)
        for answer, grade in outcome.fresh:
            self._cache.remember(answer, grade)
        for one in outcome.ungraded:
            self._mark_ungraded([one.answer_id], one.reason)
        done = job.done + len(grades) + len(outcome.ungraded)
        told = grade_events(self._session, [grade.answer_id for grade in grades])
        self._jobs.progress(job, done, {"grades": told})

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
        """End the job with its submission, by whether every answer is graded, or its appeal."""
        job = self._jobs.lock_active(job_id)
        submission = submission_of_job(self._session, job_id)
        if submission is not None:
            self._complete_submission(job, submission)
            return
        appeal = appeal_of_job(self._session, job_id)
        if appeal is None or appeal.status == "grading":
            self._jobs.fail(job_id, "appeal_not_graded", "The answer could not be graded anew.")
        else:
            self._jobs.complete(job_id, appeal_result(self._session, appeal))

    def _complete_submission(self, job: Job, submission: Submission) -> None:
        """Where answers are left without a grade the submission fails; the others' grades stay."""
        self._blame_lost_batches(job.id)
        left = self._session.execute(
            select(Answer.ungraded_reason, func.count())
            .where(Answer.submission_id == submission.id, ~_HAS_GRADE)
            .group_by(Answer.ungraded_reason)
        ).all()
        submission.completed_at = datetime.now(UTC)
        if left:
            submission.status = "failed"
            reasons = ", ".join(sorted(reason or _UNFINISHED for reason, _ in left))
            count = sum(answers for _, answers in left)
            message = f"{count} answers could not be graded: {reasons}."
            self._jobs.fail(job.id, "answers_not_graded", message)
            return
        submission.status = "completed"
        self._jobs.complete(job.id, submission_result(self._session, submission.id))

    def _blame_lost_batches(self, job_id: uuid.UUID) -> None:
        """Answers of a batch that failed as a whole are ungraded for its reason."""
        lost = self._session.execute(
            select(JobChunk.error_code, JobChunk.payload).where(
                JobChunk.job_id == job_id, JobChunk.error_code.is_not(None)
            )
        )
        for code, payload in lost:
            copies: dict[str, list[str]] = payload.get("copies", {})
            named = [*payload["answers"], *(twin for twins in copies.values() for twin in twins)]
            self._session.execute(
                update(Answer)
                .where(Answer.id.in_(map(uuid.UUID, named)), ~_HAS_GRADE)
                .values(ungraded_reason=code)
                .execution_options(synchronize_session=False)
            )

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool:
        """End the job badly, and with it its submission or appeal."""
        failed = self._jobs.fail(job_id, code, message)
        submission = submission_of_job(self._session, job_id)
        if failed and submission is not None:
            submission.status, submission.completed_at = "failed", datetime.now(UTC)
        return failed


def submission_result(session: Session, submission_id: uuid.UUID) -> dict[str, Any]:
    """What a completed job says of its submission."""
    grades = grades_in_force(session, submission_id).values()
    return {
        "submission_id": str(submission_id),
        "score": round(sum(grade.score for grade in grades), 2),
        "max_score": round(sum(grade.max_score for grade in grades), 2),
        "graded": len(grades),
    }
