"""The sweep mends what lost calls left, and removes what has outlived its use."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from functions.jobs import sweep
from functions.jobs.expiry import Expiry
from functions.jobs.retries import TranscriptionRetries
from functions.jobs.sweep import SweepIncomplete
from functions.jobs.sweeping import JobSweep
from shared.database.tables.documents import Document
from shared.database.tables.jobs import Job
from shared.database.tables.users import IdempotencyRecord, RefreshToken, Session
from shared.jobs.executions import Executions
from shared.jobs.model import ChunkPlan, JobKind
from shared.jobs.store import JobStore
from shared.jobs.transcriptions import Transcriptions
from shared.realtime.delivery import Delivery
from shared.realtime.subscriptions import Subscriptions
from tests.fakes.connections import FakeConnections
from tests.fakes.state_machine import FakeStateMachine
from tests.fakes.web import EverySessionLives

MONTH = 30 * 24 * 3600


@pytest.fixture
def machines() -> dict[JobKind, FakeStateMachine]:
    return {kind: FakeStateMachine() for kind in JobKind}


@pytest.fixture
def connections() -> FakeConnections:
    return FakeConnections()


@pytest.fixture
def subscriptions(redis) -> Subscriptions:
    return Subscriptions(redis)


@pytest.fixture
def job_sweep(open_jobs, machines, subscriptions, connections) -> JobSweep:
    def read(job_id: uuid.UUID, after: int, limit: int) -> list:
        with open_jobs() as jobs:
            return jobs.events(job_id, after, limit)

    delivery = Delivery(subscriptions, connections, read, EverySessionLives())
    return JobSweep(open_jobs, Executions(machines), delivery.announce, subscriptions)


@pytest.fixture
def expiry(database) -> Expiry:
    return Expiry(database, MONTH)


@pytest.fixture
def retries(database, machines) -> TranscriptionRetries:
    @contextmanager
    def opened() -> Iterator[Transcriptions]:
        with database.transaction() as session:
            yield Transcriptions(session, timedelta(minutes=15))

    return TranscriptionRetries(opened, Executions(machines), enabled=True)


@pytest.fixture
def whole_sweep(job_sweep, expiry, retries, object_sweep_in, monkeypatch) -> JobSweep:
    """The sweep's Lambda function, on this test's outside."""
    monkeypatch.setattr(sweep, "get_job_sweep", lambda: job_sweep)
    monkeypatch.setattr(sweep, "get_expiry", lambda: expiry)
    monkeypatch.setattr(sweep, "get_transcription_retries", lambda: retries)
    monkeypatch.setattr(sweep, "get_object_sweep", lambda: object_sweep_in(minutes=2))
    return job_sweep


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def age(database, job_id: uuid.UUID, created_at: datetime) -> None:
    with database.transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(created_at=created_at))


def test_a_job_past_its_deadline_is_ended_told_and_stopped(
    job_sweep, new_job, machines, subscriptions, connections
) -> None:
    late = new_job(deadline=timedelta(seconds=-1))
    new_job()
    subscriptions.subscribe("c", late, 0)
    assert job_sweep.end_overdue() == 1
    assert job_sweep.end_overdue() == 0
    (frame,) = connections.sent("c")
    assert (frame["type"], frame["error"]["code"]) == ("job.failed", "deadline_exceeded")
    assert machines[JobKind.GENERATION].stopped == [late]


def test_one_job_that_can_not_be_ended_does_not_keep_the_others(
    job_sweep, new_job, open_jobs, monkeypatch
) -> None:
    stuck = new_job(deadline=timedelta(seconds=-9))
    others = [new_job(deadline=timedelta(seconds=-1)) for _ in range(2)]
    expire = JobStore.expire

    def expire_but_one(jobs: JobStore, job_id: uuid.UUID) -> bool:
        if job_id == stuck:
            raise OperationalError("UPDATE", {}, Exception("canceling statement due to timeout"))
        return expire(jobs, job_id)

    monkeypatch.setattr(JobStore, "expire", expire_but_one)
    assert job_sweep.end_overdue() == 2
    with open_jobs() as jobs:
        ended = [job_id for job_id in others if jobs.session.get_one(Job, job_id).finished_at]
    assert ended == others


def test_a_job_whose_execution_never_started_is_started(
    job_sweep, database, new_job, machines, user_id
) -> None:
    forgotten, fresh = new_job(chunks=0), new_job()
    age(database, forgotten, ago(seconds=30))
    assert job_sweep.start_unstarted() == 1
    assert machines[JobKind.GENERATION].started == {forgotten: {"user_id": str(user_id)}}
    assert fresh not in machines[JobKind.GENERATION].started


def test_an_evaluation_is_started_with_its_batches(
    job_sweep, database, open_jobs, machines, user_id
) -> None:
    with open_jobs() as jobs:
        job = jobs.create(JobKind.EVALUATION, user_id, 9, timedelta(minutes=5))
        jobs.add_chunks(job.id, [ChunkPlan(2, {}), ChunkPlan(1, {})])
    age(database, job.id, ago(seconds=30))
    job_sweep.start_unstarted()
    payload = {"user_id": str(user_id), "chunks": [{"ordinal": 1}, {"ordinal": 2}]}
    assert machines[JobKind.EVALUATION].started == {job.id: payload}


def test_one_job_that_can_not_be_started_does_not_keep_the_others(
    job_sweep, database, new_job, machines
) -> None:
    evaluation, generation = new_job(), new_job()
    with database.transaction() as session:
        session.execute(update(Job).values(created_at=ago(seconds=30)))
        session.get_one(Job, evaluation).kind = JobKind.EVALUATION.value
    machines[JobKind.EVALUATION].outage = ConnectionError("no route")
    assert job_sweep.start_unstarted() == 1
    assert generation in machines[JobKind.GENERATION].started


def test_a_running_job_is_not_started_again(
    job_sweep, database, open_jobs, new_job, machines
) -> None:
    job_id = new_job()
    with open_jobs() as jobs:
        jobs.start(job_id)
    age(database, job_id, ago(seconds=30))
    assert job_sweep.start_unstarted() == 0


def test_an_end_that_a_follower_missed_is_told_again(
    job_sweep, open_jobs, new_job, subscriptions, connections
) -> None:
    job_id = new_job()
    subscriptions.subscribe("c", job_id, 0)
    with open_jobs() as jobs:
        jobs.complete(job_id, {})
    assert job_sweep.tell_ends() == 1
    assert [frame["type"] for frame in connections.sent("c")] == ["job.completed"]
    assert job_sweep.tell_ends() == 0


def test_an_end_of_long_ago_is_left_alone(
    job_sweep, database, open_jobs, new_job, subscriptions
) -> None:
    job_id = new_job()
    subscriptions.subscribe("c", job_id, 0)
    with open_jobs() as jobs:
        jobs.cancel(job_id)
    with database.transaction() as session:
        session.execute(update(Job).values(finished_at=ago(minutes=4)))
    assert (job_sweep.tell_ends(), job_sweep.stop_outlived()) == (0, 0)


def test_only_executions_of_jobs_that_were_ended_from_outside_are_stopped(
    job_sweep, open_jobs, new_job, machines
) -> None:
    cancelled, completed, failed = new_job(), new_job(), new_job()
    with open_jobs() as jobs:
        jobs.cancel(cancelled)
        jobs.complete(completed, {})
        jobs.fail(failed, "no_questions", "None.")
    assert job_sweep.stop_outlived() == 1
    assert machines[JobKind.GENERATION].stopped == [cancelled]


def test_a_document_whose_file_never_came_is_rejected(expiry, database, user_id) -> None:
    def add(status: str, created_at: datetime) -> uuid.UUID:
        document = Document(
            user_id=user_id,
            filename="a.pdf",
            object_key=str(uuid.uuid4()),
            size_bytes=1,
            status=status,
            created_at=created_at,
        )
        with database.transaction() as session:
            session.add(document)
        return document.id

    old = add("awaiting_upload", ago(hours=25))
    others = [add("awaiting_upload", ago(hours=23)), add("processing", ago(hours=25))]
    assert expiry.reject_missing_uploads() == 1
    with database.transaction() as session:
        rejected = session.get_one(Document, old)
        assert (rejected.status, rejected.error_code) == ("rejected", "upload_expired")
        assert {session.get_one(Document, one).status for one in others} == {
            "awaiting_upload",
            "processing",
        }


def test_answers_to_idempotent_calls_are_kept_for_a_day(expiry, database) -> None:
    with database.transaction() as session:
        for hours in (23, 25, 26):
            session.add(
                IdempotencyRecord(
                    scope="s",
                    route="r",
                    key=str(hours),
                    body_hash="h",
                    status_code=200,
                    response={},
                    created_at=ago(hours=hours),
                )
            )
    assert expiry.forget_answers() == 2
    with database.transaction() as session:
        assert session.execute(select(IdempotencyRecord.key)).scalars().all() == ["23"]


def test_sessions_and_tokens_go_thirty_days_after_their_end(expiry, database, user_id) -> None:
    def add(expires_at: datetime, revoked_at: datetime | None = None, token_days: int = 0) -> str:
        row = Session(user_id=user_id, expires_at=expires_at, revoked_at=revoked_at)
        with database.transaction() as session:
            session.add(row)
            session.flush()
            session.add(
                RefreshToken(
                    session_id=row.id, token_hash=str(row.id), created_at=ago(days=token_days)
                )
            )
        return str(row.id)

    alive = add(ago(days=-1), token_days=61)
    kept = {
        alive,
        add(ago(days=29)),
        add(ago(days=-1), revoked_at=ago(days=29)),
        add(ago(days=-1), token_days=59),
    }
    add(ago(days=31))
    add(ago(days=-1), revoked_at=ago(days=31))
    assert (expiry.forget_sessions(), expiry.forget_tokens()) == (2, 1)
    with database.transaction() as session:
        assert {str(one) for one in session.execute(select(Session.id)).scalars()} == kept
        tokens = set(session.execute(select(RefreshToken.token_hash)).scalars())
    assert tokens == kept - {alive}


def test_a_whole_sweep_says_what_it_did(whole_sweep, new_job, open_deletion_notes) -> None:
    new_job(deadline=timedelta(seconds=-1))
    with open_deletion_notes() as notes:
        notes.add(["left behind"])
    done = sweep.handler({}, None)
    assert (done["end_overdue"], done["delete_objects"]) == (1, 1)
    assert sum(done.values()) == 3  # The ended job's execution is stopped once more.


def test_a_step_that_fails_keeps_no_other_from_running(
    whole_sweep, new_job, database, monkeypatch
) -> None:
    new_job(deadline=timedelta(seconds=-1))

    def broken() -> int:
        raise OSError("away")

    broken.__name__ = "start_unstarted"
    monkeypatch.setattr(whole_sweep, "start_unstarted", broken)
    with pytest.raises(SweepIncomplete, match="start_unstarted"):
        sweep.handler({}, None)
    with database.transaction() as session:
        ended = session.execute(select(func.count()).where(Job.status == "failed")).scalar()
    assert ended == 1
