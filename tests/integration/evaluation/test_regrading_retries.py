"""A regrading whose job ended badly is carried out by another job, a few times, once an answer."""

import asyncio
import multiprocessing
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from functions.evaluation.regrading import Regrading
from functions.evaluation.regrading_requests import FIRST_PAUSE, MOST_RETRIES
from functions.evaluation.sweeping import RegradeSweep
from shared.ai import ModelRequest, ReplyBlocked
from shared.database.engine import Database, build_engine
from shared.database.tables.evaluation import Answer
from shared.database.tables.jobs import Job
from shared.database.tables.questions import RegradeRequest
from shared.database.tables.users import User
from shared.errors import JobCancelled
from shared.jobs.store import JobStore
from tests.fakes.state_machine import FakeStateMachine
from tests.integration.evaluation.conftest import Api
from tests.integration.evaluation.evaluation_harness import Evaluation, judge, texts_of
from tests.integration.evaluation.test_regrading import RUBRIC, graded_class, histories

Start = Callable[..., Evaluation]
LEARNERS = 14


class Swept:
    """An evaluation whose rubric was edited, and the sweeps that let its grades follow."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.state_machine = FakeStateMachine()
        graded_class(evaluation, LEARNERS)
        evaluation.edit(evaluation.free[0], rubric=RUBRIC)

    def sweep(self) -> uuid.UUID | None:
        """Sweep once; the job that was started by it, if any."""
        known = set(self.state_machine.started)
        _sweep_of(self.evaluation, self.state_machine).run()
        started = set(self.state_machine.started) - known
        return started.pop() if started else None

    def run(self, job_id: uuid.UUID) -> None:
        chunks = self.state_machine.started[job_id]["chunks"]
        self.evaluation.run_job(job_id, [one["ordinal"] for one in chunks])

    def fail(self, job_id: uuid.UUID, code: str = "model_unavailable") -> None:
        with self.evaluation.database.transaction() as session:
            assert JobStore(session).fail(job_id, code, "The model was away.")

    def wait(self, pause: timedelta) -> None:
        """Let so much time pass since jobs ended."""
        with self.evaluation.database.transaction() as session:
            session.execute(update(Job).values(finished_at=Job.finished_at - pause))

    def request(self) -> RegradeRequest:
        with self.evaluation.database.transaction() as session:
            return session.execute(select(RegradeRequest)).scalar_one()

    def versions(self) -> list[int]:
        return [len(one) for one in histories(self.evaluation)]


def _sweep_of(evaluation: Evaluation, state_machine: FakeStateMachine) -> RegradeSweep:
    @contextmanager
    def open_regrading() -> Iterator[Regrading]:
        with evaluation.database.transaction() as session:
            yield evaluation.regrading(session)

    return RegradeSweep(open_regrading, state_machine)


@pytest.fixture
def swept(start: Start) -> Swept:
    return Swept(start())


def first_job(swept: Swept) -> uuid.UUID:
    job_id = swept.sweep()
    assert job_id is not None
    return job_id


def test_a_job_that_the_model_failed_is_made_again_after_a_pause(swept: Swept) -> None:
    swept.fail(first_job(swept))

    assert swept.sweep() is None
    swept.wait(FIRST_PAUSE)
    again = swept.sweep()
    assert again is not None
    assert swept.sweep() is None
    swept.run(again)

    assert swept.versions() == [2] * LEARNERS
    assert {grades[-1].max_score for grades in histories(swept.evaluation)} == {3.0}
    swept.wait(timedelta(days=7))
    assert swept.sweep() is None
    assert swept.request().job_id is None


def test_a_reader_meets_what_is_due_again(swept: Swept, api: Api) -> None:
    swept.fail(first_job(swept))
    swept.wait(FIRST_PAUSE)
    path = f"/sets/{swept.evaluation.set_id}/analysis"

    assert api.call("GET", path, swept.evaluation.owner.id).status_code == 200
    assert api.call("GET", path, swept.evaluation.owner.id).status_code == 200

    assert len(api.state_machine.started) == 1


def test_only_what_the_lost_job_left_is_asked_about_again(swept: Swept) -> None:
    job_id = first_job(swept)
    evaluation = swept.evaluation
    asyncio.run(evaluation.pipeline.grade(evaluation.claim(job_id, 1)))
    graded = swept.versions().count(2)
    assert 0 < graded < LEARNERS
    # Its other worker is killed: the lease runs out, and with it the job's time.
    late = evaluation.claim(job_id, 2, seconds=0)
    with evaluation.database.transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(deadline_at=Job.created_at))
        assert JobStore(session).expire(job_id)
    evaluation.model.requests.clear()

    swept.wait(FIRST_PAUSE)
    again = swept.sweep()
    assert again is not None
    swept.run(again)
    with pytest.raises(JobCancelled):
        asyncio.run(evaluation.pipeline.grade(late))

    asked = [text for request in evaluation.model.requests for text in texts_of(request)]
    assert len(asked) == LEARNERS - graded
    assert swept.versions() == [2] * LEARNERS


def test_a_batch_that_was_given_up_is_taken_up_by_another_job(swept: Swept) -> None:
    job_id = first_job(swept)
    evaluation = swept.evaluation
    claim = evaluation.claim(job_id, 1)
    with evaluation.database.transaction() as session:
        JobStore(session).fail_chunk(claim, "worker_lost", "Every worker was lost.")
    for ordinal in range(2, len(swept.state_machine.started[job_id]["chunks"]) + 1):
        asyncio.run(evaluation.pipeline.grade(evaluation.claim(job_id, ordinal)))
    evaluation.pipeline.finish(job_id)

    swept.wait(FIRST_PAUSE)
    again = swept.sweep()
    assert again is not None
    swept.run(again)

    assert swept.versions() == [2] * LEARNERS


def test_tries_are_bounded_and_further_apart_each_time(swept: Swept) -> None:
    jobs = [first_job(swept)]
    for number in range(MOST_RETRIES):
        swept.fail(jobs[-1])
        swept.wait(FIRST_PAUSE * 4**number - timedelta(seconds=20))
        assert swept.sweep() is None
        swept.wait(timedelta(seconds=20))
        again = swept.sweep()
        assert again is not None
        jobs.append(again)
    swept.fail(jobs[-1])
    swept.wait(timedelta(days=365))

    assert swept.sweep() is None
    assert len(set(jobs)) == MOST_RETRIES + 1
    assert swept.versions() == [1] * LEARNERS
    assert swept.request().job_id is None


def test_another_edit_has_all_its_tries(swept: Swept) -> None:
    swept.fail(first_job(swept))
    swept.evaluation.edit(swept.evaluation.free[0], rubric=[{**RUBRIC[0], "points": 5.0}])

    again = swept.sweep()
    assert again is not None
    swept.fail(again)
    swept.wait(FIRST_PAUSE)
    last = swept.sweep()
    assert last is not None
    swept.run(last)

    assert swept.versions() == [2] * LEARNERS
    assert {grades[-1].max_score for grades in histories(swept.evaluation)} == {5.0}


def test_what_the_model_refuses_and_what_a_person_cancels_is_not_tried_again(
    swept: Swept,
) -> None:
    swept.evaluation.answer_by(ReplyBlocked("SAFETY"))
    swept.run(first_job(swept))
    swept.wait(timedelta(days=7))
    assert swept.sweep() is None

    swept.evaluation.edit(swept.evaluation.free[0], rubric=RUBRIC)
    job_id = first_job(swept)
    with swept.evaluation.database.transaction() as session:
        assert JobStore(session).cancel(job_id)
    swept.wait(timedelta(days=7))
    assert swept.sweep() is None
    with swept.evaluation.database.transaction() as session:
        assert session.execute(select(RegradeRequest.job_id)).scalars().all() == [None, None]


def test_a_job_that_went_with_the_account_of_who_edited_is_made_for_the_owner(
    swept: Swept,
) -> None:
    evaluation = swept.evaluation
    with evaluation.database.transaction() as session:
        session.execute(update(RegradeRequest).values(requested_by=evaluation.learner.id))
    first_job(swept)
    with evaluation.database.transaction() as session:
        session.delete(session.get_one(User, evaluation.learner.id))

    again = swept.sweep()
    assert again is not None
    swept.run(again)

    assert swept.versions() == [2] * LEARNERS
    with evaluation.database.transaction() as session:
        assert session.get_one(Job, again).user_id == evaluation.owner.id


def test_many_sweeps_and_readers_at_once_make_one_job(swept: Swept) -> None:
    swept.fail(first_job(swept))
    swept.wait(FIRST_PAUSE)
    machines = [FakeStateMachine() for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: _sweep_of(swept.evaluation, one).run(), machines))

    assert sum(len(one.started) for one in machines) == 1


def _killed_while_handling(url: str, question_id: uuid.UUID) -> None:
    """In a process of its own: the job is made, and the process killed before it commits."""
    database = Database(build_engine(url, 1))
    with database.transaction() as session:
        regrading = Regrading(session, batch_size=8, deadline=timedelta(minutes=5))
        assert regrading.handle(question_id) is not None
        session.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_sweep_that_is_killed_leaves_the_request_to_the_next(
    swept: Swept, database_url: str
) -> None:
    swept.fail(first_job(swept))
    swept.wait(FIRST_PAUSE)
    process = multiprocessing.get_context("spawn").Process(
        target=_killed_while_handling, args=(database_url, swept.evaluation.free[0])
    )
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL

    again = swept.sweep()
    assert again is not None
    swept.run(again)
    assert swept.versions() == [2] * LEARNERS
    assert swept.request().tries == 1


def test_a_job_that_fails_while_its_answers_are_judged_is_told_nothing(swept: Swept) -> None:
    """The reply comes after the deadline's sweep: it is thrown away, and the retry asks anew."""
    job_id = first_job(swept)

    def too_slow(request: ModelRequest[Any]) -> Any:
        with ThreadPoolExecutor(1) as sweeper:
            sweeper.submit(swept.fail, job_id, "deadline_exceeded").result()
        return judge(request)

    swept.evaluation.answer_by(too_slow)
    with pytest.raises(JobCancelled):
        asyncio.run(swept.evaluation.pipeline.grade(swept.evaluation.claim(job_id, 1)))
    assert swept.versions() == [1] * LEARNERS

    swept.evaluation.answer_by(judge)
    swept.wait(FIRST_PAUSE)
    again = swept.sweep()
    assert again is not None
    swept.run(again)
    assert swept.versions() == [2] * LEARNERS
    with swept.evaluation.database.transaction() as session:
        assert set(session.execute(select(Answer.question_version)).scalars()) == {2}
