"""An evaluation of one batch runs without a state machine, and ends however its batch ends."""

import asyncio
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from functions.evaluation.ends import EvaluationEnds
from functions.evaluation.service import Submitted
from shared.ai import ReplyBlocked
from shared.database.tables.jobs import Job, JobChunk
from shared.errors import ChunkFailed
from shared.jobs.direct import direct_token
from shared.jobs.model import Claim
from shared.jobs.store import JobStore
from shared.jobs.worker import ChunkMessage, ChunkWorker
from tests.fakes.queue import FakeChunkQueue
from tests.integration.evaluation.evaluation_harness import Evaluation

Start = Callable[..., Evaluation]
WORDS = "Mitochondria make the energy"


class Worker:
    """The worker as it is joined for the grading queue; its outside is fake."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        ends = EvaluationEnds(evaluation.pipeline.finish, self._expire)
        self._worker = ChunkWorker(self._jobs, FakeChunkQueue(), ends, lambda _: None)

    @contextmanager
    def _jobs(self) -> Any:
        with self._evaluation.database.transaction() as session:
            yield JobStore(session)

    def _expire(self, job_id: uuid.UUID) -> None:
        with self._jobs() as jobs:
            jobs.expire(job_id)

    def deliver(self, submitted: Submitted, work: Any = None) -> None:
        assert submitted.job is not None
        job_id = submitted.job.id
        message = ChunkMessage(job_id, 1, direct_token(job_id), "receipt")
        asyncio.run(self._worker.handle(message, work or self._evaluation.pipeline.grade))


def job_of(evaluation: Evaluation, submitted: Submitted) -> Job:
    assert submitted.job is not None
    with evaluation.database.transaction() as session:
        return session.get_one(Job, submitted.job.id)


def test_a_graded_batch_completes_the_submission_and_its_job(start: Start) -> None:
    evaluation = start()
    submitted = evaluation.submit_free([WORDS])
    Worker(evaluation).deliver(submitted)
    assert evaluation.status(submitted) == "completed"
    assert job_of(evaluation, submitted).status == "completed"


def test_an_answer_that_the_model_refuses_fails_the_job_with_the_reason(start: Start) -> None:
    evaluation = start(ReplyBlocked("no"), free_questions=1)
    submitted = evaluation.submit_free([WORDS])
    Worker(evaluation).deliver(submitted)
    job = job_of(evaluation, submitted)
    assert (job.status, job.error_code) == ("failed", "answers_not_graded")
    assert evaluation.status(submitted) == "failed"


def test_a_batch_that_fails_for_good_fails_the_job_with_the_reason(start: Start) -> None:
    evaluation = start()
    submitted = evaluation.submit_free([WORDS])

    async def fail(_claim: Claim) -> None:
        raise ChunkFailed("Broken.", code="broken")

    Worker(evaluation).deliver(submitted, fail)
    job = job_of(evaluation, submitted)
    assert job.error_code == "answers_not_graded"
    assert "broken" in str(job.error_message)
    assert evaluation.answers(submitted)[0].ungraded_reason == "broken"


def test_a_job_whose_worker_died_before_ending_it_is_ended_by_the_next_delivery(
    start: Start,
) -> None:
    evaluation = start(ReplyBlocked("no"))
    submitted = evaluation.submit_free([WORDS])
    # The batch is stored as done with nothing graded, and the process dies before it ends the job.
    asyncio.run(evaluation.pipeline.grade(evaluation.claim(job_of(evaluation, submitted).id)))
    assert evaluation.status(submitted) == "grading"

    Worker(evaluation).deliver(submitted)

    assert evaluation.status(submitted) == "failed"


def test_a_batch_whose_worker_died_is_graded_once_by_the_next_deliveries(start: Start) -> None:
    evaluation = start()
    submitted = evaluation.submit_free([WORDS])
    evaluation.claim(job_of(evaluation, submitted).id, seconds=-1)

    for _ in range(3):
        Worker(evaluation).deliver(submitted)

    assert evaluation.status(submitted) == "completed"
    assert len(evaluation.model.requests) == 1


def test_a_job_past_its_deadline_fails_for_that_reason(start: Start) -> None:
    evaluation = start()
    submitted = evaluation.submit_free([WORDS])
    with evaluation.database.transaction() as session:
        session.execute(update(Job).values(deadline_at=datetime.now(UTC) - timedelta(seconds=1)))
    Worker(evaluation).deliver(submitted)
    assert job_of(evaluation, submitted).error_code == "deadline_exceeded"
    assert evaluation.status(submitted) == "failed"
    with evaluation.database.transaction() as session:
        assert session.get_one(JobChunk, (job_of(evaluation, submitted).id, 1)).attempts == 0
