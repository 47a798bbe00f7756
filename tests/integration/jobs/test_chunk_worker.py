"""The worker against real PostgreSQL: each chunk's result once, whatever is lost or repeated."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from shared.ai.errors import ModelOutage, ModelSaturated, ModelUnavailable, RequestRefused
from shared.database.engine import Database
from shared.database.tables.jobs import Job, JobChunk
from shared.errors import ChunkFailed
from shared.jobs import worker as worker_module
from shared.jobs.model import Claim
from shared.jobs.store import JobStore
from shared.jobs.worker import LONGEST_DELAY_SECONDS, MOST_ATTEMPTS, Redeliver

NewJob = Callable[..., uuid.UUID]


def storing(open_jobs, calls: list[int] | None = None, seconds: float = 0.0):
    """Work that stores one result and tells progress, as pipelines do."""

    def store(claim: Claim) -> None:
        with open_jobs() as jobs:
            job = jobs.finish_chunk(claim, {"made": claim.ordinal})
            jobs.progress(job, job.done + 1, {"ordinal": claim.ordinal})

    async def work(claim: Claim) -> None:
        if calls is not None:
            calls.append(claim.ordinal)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(store, claim)

    return work


def chunk_of(database: Database, job_id: uuid.UUID, ordinal: int = 1) -> JobChunk:
    with database.transaction() as session:
        return session.get_one(JobChunk, (job_id, ordinal))


def event_types(open_jobs, job_id: uuid.UUID) -> list[str]:
    with open_jobs() as jobs:
        events = jobs.events(job_id, 0)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return [event.type for event in events]


async def test_a_chunk_is_stored_then_told_then_answered(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job()
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs))
    assert chunk_of(database, job_id).result == {"made": 1}
    assert workshop.announced == [job_id, job_id]
    assert workshop.tokens.answers == [("succeed", "token-1", {"ordinal": 1})]
    assert event_types(open_jobs, job_id) == ["job.started", "job.progress"]


async def test_a_repeated_message_only_answers_the_token(workshop, open_jobs, new_job) -> None:
    job_id, calls = new_job(), []
    for delivery in (1, 2, 3):
        message = workshop.message(job_id, delivery=delivery)
        await workshop.worker.handle(message, storing(open_jobs, calls))
    assert calls == [1]
    assert [answer[0] for answer in workshop.tokens.answers] == ["succeed"] * 3
    assert event_types(open_jobs, job_id) == ["job.started", "job.progress"]


async def test_a_message_of_a_held_chunk_comes_back_when_the_lease_ends(
    workshop, open_jobs, new_job
) -> None:
    job_id = new_job()
    with open_jobs() as jobs:
        jobs.claim(job_id, 1, timedelta(seconds=20))
    with pytest.raises(Redeliver):
        await workshop.worker.handle(workshop.message(job_id), storing(open_jobs))
    assert workshop.queue.hidden[-1][1] in {20, 21}
    assert workshop.tokens.answers == []


async def test_a_chunk_of_a_lost_worker_is_taken_over(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job()
    with open_jobs() as jobs:
        jobs.claim(job_id, 1, timedelta(seconds=-1))
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs))
    assert chunk_of(database, job_id).attempts == 2
    assert chunk_of(database, job_id).status == "done"


async def test_a_late_result_of_a_worker_that_lost_its_lease_is_thrown_away(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job()
    second = storing(open_jobs)

    async def slow(claim: Claim) -> None:
        with database.transaction() as session:
            session.execute(update(JobChunk).values(lease_until=datetime.now(UTC)))
        await workshop.worker.handle(workshop.message(job_id, delivery=2), second)
        await second(claim)

    with pytest.raises(Redeliver):
        await workshop.worker.handle(workshop.message(job_id), slow)
    assert event_types(open_jobs, job_id) == ["job.started", "job.progress"]
    assert [answer[0] for answer in workshop.tokens.answers] == ["succeed"]


async def test_a_worker_whose_lease_was_taken_stops_and_leaves_the_token_alone(
    workshop, open_jobs, new_job, database, monkeypatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_SECONDS", 0.05)
    job_id = new_job()
    cancelled = asyncio.Event()

    async def endless(claim: Claim) -> None:
        with database.transaction() as session:
            session.execute(update(JobChunk).values(lease_owner=uuid.uuid4()))
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(Redeliver):
        await workshop.worker.handle(workshop.message(job_id), endless)
    assert cancelled.is_set()
    assert workshop.tokens.answers == []


async def test_a_cancel_stops_a_running_model_call_within_two_seconds(
    workshop, open_jobs, new_job
) -> None:
    job_id = new_job()
    at_work, cancelled = asyncio.Event(), asyncio.Event()

    async def calling(_claim: Claim) -> None:
        at_work.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    handling = asyncio.create_task(workshop.worker.handle(workshop.message(job_id), calling))
    await at_work.wait()
    with open_jobs() as jobs:
        assert jobs.cancel(job_id)
    started = time.monotonic()
    await asyncio.wait_for(handling, 5)
    assert time.monotonic() - started < 2
    assert cancelled.is_set()
    assert workshop.tokens.answers == [("fail", "token-1", "JobCancelled", "job_cancelled")]
    assert event_types(open_jobs, job_id) == ["job.started", "job.cancelled"]


async def test_no_work_begins_for_a_cancelled_job(workshop, open_jobs, new_job) -> None:
    job_id, calls = new_job(), []
    with open_jobs() as jobs:
        jobs.cancel(job_id)
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs, calls))
    assert calls == []
    assert workshop.tokens.answers[0][2] == "JobCancelled"


async def test_a_result_that_comes_after_the_cancel_is_not_stored(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job()
    store = storing(open_jobs)

    async def overtaken(claim: Claim) -> None:
        with open_jobs() as jobs:
            jobs.cancel(job_id)
        await store(claim)

    await workshop.worker.handle(workshop.message(job_id), overtaken)
    assert chunk_of(database, job_id).result is None
    assert event_types(open_jobs, job_id) == ["job.started", "job.cancelled"]


async def test_a_message_after_the_deadline_ends_the_job_with_that_reason(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job(deadline=timedelta(seconds=-1))
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs))
    with database.transaction() as session:
        job = session.get_one(Job, job_id)
    assert (job.status, job.error_code) == ("failed", "deadline_exceeded")
    assert workshop.announced[-1] == job_id
    assert workshop.tokens.answers[0][2] == "JobCancelled"


async def test_the_deadline_stops_running_work(workshop, open_jobs, new_job, monkeypatch) -> None:
    monkeypatch.setattr(worker_module, "LOOK_SECONDS", 0.05)
    job_id = new_job(deadline=timedelta(seconds=0.4))
    await asyncio.wait_for(
        workshop.worker.handle(workshop.message(job_id), storing(open_jobs, seconds=30)), 5
    )
    assert workshop.tokens.answers[0][2] == "JobCancelled"


async def test_the_lease_and_the_message_are_held_while_work_lasts(
    workshop, open_jobs, new_job, database, monkeypatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(worker_module, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(worker_module, "LEASE", timedelta(seconds=1))
    job_id = new_job()
    leases: list[datetime] = []

    async def long(claim: Claim) -> None:
        for _ in range(4):
            await asyncio.sleep(0.4)
            leases.append(chunk_of(database, job_id).lease_until)
        await storing(open_jobs)(claim)

    await workshop.worker.handle(workshop.message(job_id), long)
    assert leases == sorted(set(leases))
    assert len(workshop.tokens.heartbeats) > 5
    assert len(workshop.queue.hidden) == len(workshop.tokens.heartbeats) + 1
    assert workshop.tokens.answers[0][0] == "succeed"


async def test_lost_heartbeats_do_not_stop_the_work(
    workshop, open_jobs, new_job, monkeypatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(worker_module, "HEARTBEAT_SECONDS", 0.05)
    job_id = new_job()

    async def work(claim: Claim) -> None:
        workshop.tokens.outage = ConnectionError("no route")
        await storing(open_jobs, seconds=0.3)(claim)
        workshop.tokens.outage = None

    await workshop.worker.handle(workshop.message(job_id), work)
    assert workshop.tokens.heartbeats == []
    assert workshop.tokens.answers == [("succeed", "token-1", {"ordinal": 1})]


async def test_a_token_that_could_not_be_answered_is_answered_by_the_next_delivery(
    workshop, open_jobs, new_job
) -> None:
    job_id, calls = new_job(), []
    workshop.tokens.outage = ConnectionError("no route")
    with pytest.raises(ConnectionError):
        await workshop.worker.handle(workshop.message(job_id), storing(open_jobs, calls))
    workshop.tokens.outage = None
    await workshop.worker.handle(workshop.message(job_id, delivery=2), storing(open_jobs, calls))
    assert calls == [1]
    assert workshop.tokens.answers == [("succeed", "token-1", {"ordinal": 1})]


def raising(error: Exception) -> Callable[[Claim], Awaitable[None]]:
    async def work(_claim: Claim) -> None:
        raise error

    return work


async def test_a_saturated_model_makes_the_job_wait_and_costs_no_attempt(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job()
    until = datetime.now(UTC) + timedelta(seconds=40)
    for _ in range(MOST_ATTEMPTS + 2):
        with pytest.raises(Redeliver):
            await workshop.worker.handle(
                workshop.message(job_id), raising(ModelSaturated(until, "requests_per_minute"))
            )
        assert workshop.queue.hidden[-1][1] in {40, 41}
    assert chunk_of(database, job_id).attempts == 0
    assert event_types(open_jobs, job_id) == ["job.started", "job.waiting"]
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs))
    with database.transaction() as session:
        job = session.get_one(Job, job_id)
    assert (job.status, job.waiting_reason, job.waiting_until) == ("running", None, None)


async def test_a_long_wait_is_looked_at_now_and_then_and_told_to_whoever_waits_for_the_task(
    workshop, new_job, database
) -> None:
    job_id = new_job(deadline=timedelta(hours=2))
    error = ModelSaturated(datetime.now(UTC) + timedelta(hours=1), "day_quota")
    for delivery in range(1, 31):
        with pytest.raises(Redeliver):
            await workshop.worker.handle(workshop.message(job_id), raising(error))
        assert workshop.queue.hidden[-1][1] == LONGEST_DELAY_SECONDS
        assert workshop.tokens.heartbeats == ["token-1"] * delivery
    assert (chunk_of(database, job_id).status, chunk_of(database, job_id).attempts) == (
        "pending",
        0,
    )


async def test_a_wait_that_can_not_be_told_is_a_wait_all_the_same(
    workshop, new_job, database
) -> None:
    job_id = new_job()
    workshop.tokens.outage = RuntimeError("gone")
    error = ModelSaturated(datetime.now(UTC) + timedelta(seconds=40), "minute_quota")
    with pytest.raises(Redeliver):
        await workshop.worker.handle(workshop.message(job_id), raising(error))
    assert workshop.queue.hidden[-1][1] in {40, 41}


async def test_quota_that_comes_after_the_deadline_fails_the_chunk(
    workshop, new_job, database
) -> None:
    job_id = new_job(deadline=timedelta(seconds=30))
    until = datetime.now(UTC) + timedelta(minutes=2)
    error = ModelSaturated(until, "requests_per_day")
    await workshop.worker.handle(workshop.message(job_id), raising(error))
    assert chunk_of(database, job_id).error_code == "quota_exhausted"
    assert workshop.tokens.answers == [("fail", "token-1", "ChunkFailed", "quota_exhausted")]


async def test_an_error_is_tried_again_and_fails_the_chunk_in_the_end(
    workshop, new_job, database
) -> None:
    job_id = new_job()
    for _ in range(MOST_ATTEMPTS - 1):
        with pytest.raises(Redeliver):
            await workshop.worker.handle(workshop.message(job_id), raising(OSError("flaky")))
    await workshop.worker.handle(workshop.message(job_id), raising(OSError("flaky")))
    chunk = chunk_of(database, job_id)
    assert (chunk.status, chunk.error_code, chunk.attempts) == (
        "failed",
        "worker_error",
        MOST_ATTEMPTS,
    )
    await workshop.worker.handle(workshop.message(job_id), raising(OSError("flaky")))
    assert [answer[3] for answer in workshop.tokens.answers] == ["worker_error"] * 2


async def test_a_model_that_is_away_is_asked_again_when_it_said(
    workshop, new_job, database
) -> None:
    job_id = new_job()
    error = ModelUnavailable("outage", retry_after=30)
    with pytest.raises(Redeliver):
        await workshop.worker.handle(workshop.message(job_id), raising(error))
    assert workshop.queue.hidden[-1][1] in {30, 31}
    assert chunk_of(database, job_id).attempts == 1
    with database.transaction() as session:
        job = session.get_one(Job, job_id)
        assert (job.status, job.waiting_reason) == ("waiting", "outage")


async def test_an_outage_is_told_and_uses_up_no_attempt(workshop, new_job, database) -> None:
    job_id = new_job()
    outage = ModelOutage("down", retry_after=3, reason="outage")
    for _ in range(MOST_ATTEMPTS + 2):
        with pytest.raises(Redeliver):
            await workshop.worker.handle(workshop.message(job_id), raising(outage))

    assert workshop.queue.hidden[-1][1] in {3, 4}
    assert chunk_of(database, job_id).status == "pending"
    with database.transaction() as session:
        job = session.get_one(Job, job_id)
        assert (job.status, job.waiting_reason) == ("waiting", "outage")


async def test_an_outage_that_outlasts_the_deadline_fails_the_chunk(
    workshop, new_job, database
) -> None:
    job_id = new_job()
    outage = ModelOutage("down", retry_after=86_400, reason="outage")
    await workshop.worker.handle(workshop.message(job_id), raising(outage))
    chunk = chunk_of(database, job_id)
    assert (chunk.status, chunk.error_code) == ("failed", "model_unavailable")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ChunkFailed("no", code="reply_useless"), "reply_useless"),
        (RequestRefused("too large"), "request_refused"),
    ],
)
async def test_what_no_retry_mends_fails_the_chunk_at_once(
    workshop, new_job, database, error, code
) -> None:
    job_id = new_job()
    await workshop.worker.handle(workshop.message(job_id), raising(error))
    chunk = chunk_of(database, job_id)
    assert (chunk.status, chunk.error_code) == ("failed", code)
    assert workshop.tokens.answers == [("fail", "token-1", "ChunkFailed", code)]


async def test_a_chunk_that_kills_its_workers_fails_in_the_end(
    workshop, open_jobs, new_job, database
) -> None:
    job_id, calls = new_job(), []
    for _ in range(MOST_ATTEMPTS):
        with open_jobs() as jobs:
            jobs.claim(job_id, 1, timedelta(seconds=-1))
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs, calls))
    assert calls == []
    assert chunk_of(database, job_id).error_code == "worker_lost"


async def test_work_is_given_back_before_the_function_is_killed(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job()
    started = time.monotonic()
    with pytest.raises(Redeliver):
        await workshop.worker.handle(workshop.message(job_id), storing(open_jobs, seconds=30), 0.3)
    assert time.monotonic() - started < 2
    assert chunk_of(database, job_id).status == "pending"


async def test_a_database_that_is_away_for_a_moment_does_not_stop_the_work(
    workshop, open_jobs, new_job, monkeypatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_SECONDS", 0.02)
    job_id = new_job()
    check = JobStore.check
    looks: list[int] = []

    def flaky(store: JobStore, claim: Claim) -> bool:
        looks.append(1)
        if len(looks) <= 3:
            raise OSError("away")
        return check(store, claim)

    monkeypatch.setattr(JobStore, "check", flaky)
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs, seconds=0.3))
    assert len(looks) > 3
    assert workshop.tokens.answers[0][0] == "succeed"


async def test_a_slow_end_of_work_after_the_result_was_stored_is_no_lost_lease(
    workshop, open_jobs, new_job, monkeypatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_SECONDS", 0.02)
    job_id = new_job()

    async def work(claim: Claim) -> None:
        await storing(open_jobs)(claim)
        await asyncio.sleep(0.2)

    await workshop.worker.handle(workshop.message(job_id), work)
    assert workshop.tokens.answers == [("succeed", "token-1", {"ordinal": 1})]


async def test_a_message_of_an_unknown_job_is_answered_and_gone(workshop, open_jobs) -> None:
    await workshop.worker.handle(workshop.message(uuid.uuid4()), storing(open_jobs))
    assert workshop.tokens.answers[0][2] == "JobCancelled"


async def test_no_transaction_stays_open_when_a_message_is_done(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job()
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs))
    with database.transaction() as session:
        idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        assert session.execute(text(idle)).scalar() == 0


async def test_a_message_that_can_not_be_hidden_is_worked_on_all_the_same(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job()
    workshop.queue.outage = ConnectionError("no queue")
    await workshop.worker.handle(workshop.message(job_id), storing(open_jobs))
    assert chunk_of(database, job_id).status == "done"
    assert workshop.tokens.answers == [("succeed", "token-1", {"ordinal": 1})]
