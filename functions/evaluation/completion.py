"""How an evaluation ends: each submission when its last answer is graded, the job with the last."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, select, update
from sqlalchemy.orm import Session

from functions.evaluation.batch_plans import answers_of
from functions.evaluation.reading import Totals, submissions_of_job, totals_of
from shared.database.tables.evaluation import Answer, Grade, Submission
from shared.database.tables.jobs import Job, JobChunk
from shared.jobs.portions import portions
from shared.jobs.store import JobStore

HAS_GRADE = exists().where(Grade.answer_id == Answer.id)
_UNFINISHED = "unfinished"
_RESULTS_AT_ONCE = 500


class Completion:
    """Ends submissions and their job within one session. The job must be locked."""

    def __init__(self, session: Session, jobs: JobStore) -> None:
        self._session = session
        self._jobs = jobs

    def complete_graded(self, job: Job, answer_ids: Iterable[uuid.UUID]) -> None:
        """Complete what these answers were the last of: their submissions, and with these the job.

        So nobody waits for the state machine's own end. What has an open answer is left to `end`.
        """
        touched = select(Answer.submission_id).where(Answer.id.in_(list(answer_ids)))
        self._complete_full(job.id, Submission.id.in_(touched))
        if not self._is_open(job.id):
            self._complete(job)

    def _complete(self, job: Job) -> None:
        """Complete the job. The results of a class that are too many for one event are told in
        parts, by events of their own before the last one, which then says how many there were."""
        result = evaluation_result(self._session, job.id)
        parts = list(portions(result.get("submissions", []), _RESULTS_AT_ONCE))
        if len(parts) <= 1:
            self._jobs.complete(job.id, result)
            return
        for part in parts:
            self._jobs.progress(job, job.done, {"submissions": part})
        told = {"submissions_told": sum(map(len, parts)), "parts": len(parts)}
        self._jobs.complete(job.id, result, told=told)

    def _complete_full(self, job_id: uuid.UUID, *conditions: ColumnElement[bool]) -> None:
        open_answer = exists().where(Answer.submission_id == Submission.id, ~HAS_GRADE)
        self._session.execute(
            update(Submission)
            .where(Submission.job_id == job_id, Submission.status == "grading", *conditions)
            .where(~open_answer)
            .values(status="completed", completed_at=datetime.now(UTC))
            .execution_options(synchronize_session="fetch")
        )

    def _is_open(self, job_id: uuid.UUID) -> bool:
        """Whether a chunk is not done, or a submission not complete."""
        chunks = select(JobChunk.ordinal).where(
            JobChunk.job_id == job_id, JobChunk.status != "done"
        )
        submissions = select(Submission.id).where(
            Submission.job_id == job_id, Submission.status != "completed"
        )
        return bool(self._session.scalar(select(chunks.exists() | submissions.exists())))

    def end(self, job: Job) -> None:
        """End what is left. A submission that has an answer without a grade fails, and with it the
        job; every grade stays, and the others' submissions are complete."""
        self._blame_lost_batches(job.id)
        self._complete_full(job.id)
        failed = submissions_of_job(self._session, job.id, Submission.status == "grading")
        if not failed:
            self._complete(job)
            return
        for submission in failed:
            submission.status, submission.completed_at = "failed", datetime.now(UTC)
        self._jobs.fail(job.id, "answers_not_graded", self._why(failed))

    def _why(self, failed: Sequence[Submission]) -> str:
        left: Sequence[Row[str | None, int]] = self._session.execute(
            select(Answer.ungraded_reason, func.count())
            .where(Answer.submission_id.in_([one.id for one in failed]), ~HAS_GRADE)
            .group_by(Answer.ungraded_reason)
        ).all()
        reasons = ", ".join(sorted(reason or _UNFINISHED for reason, _ in left))
        count = sum(answers for _, answers in left)
        return f"{count} answers could not be graded: {reasons}."

    def _blame_lost_batches(self, job_id: uuid.UUID) -> None:
        """Answers of a batch that failed as a whole are ungraded for its reason."""
        lost = self._session.execute(
            select(JobChunk.error_code, JobChunk.payload).where(
                JobChunk.job_id == job_id, JobChunk.error_code.is_not(None)
            )
        )
        for code, payload in lost:
            self._session.execute(
                update(Answer)
                .where(Answer.id.in_(answers_of(payload)), ~HAS_GRADE)
                .values(ungraded_reason=code)
                .execution_options(synchronize_session=False)
            )


def evaluation_result(session: Session, job_id: uuid.UUID) -> dict[str, Any]:
    """What a completed job says of its submission, or of each that a class handed in."""
    submissions = submissions_of_job(session, job_id)
    totals = totals_of(session, [one.id for one in submissions])
    results = [_result(one, totals[one.id]) for one in submissions]
    if len(submissions) == 1 and submissions[0].learner is None:
        return results[0]
    learners = [{"learner": one.learner} for one in submissions]
    return {"submissions": [{**a, **b} for a, b in zip(results, learners, strict=True)]}


def _result(submission: Submission, totals: Totals) -> dict[str, Any]:
    return {
        "submission_id": str(submission.id),
        "score": totals.score,
        "max_score": totals.max_score,
        "graded": totals.graded,
    }
