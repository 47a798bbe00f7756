"""Many workers on one job, with repeats, deaths and cancels: nothing twice, nothing lost."""

import asyncio
import random
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from shared.ai.errors import ModelSaturated
from shared.database.tables.jobs import Job, JobChunk
from shared.errors import JobCancelled
from shared.jobs import worker as worker_module
from shared.jobs.model import ChunkBusy, ChunkFinished, Claim, JobOver
from shared.jobs.store import JobStore, LeaseLost
from shared.jobs.worker import Redeliver

LEASE = timedelta(seconds=30)
FOR_A_FUNCTION_FIXTURE = [HealthCheck.function_scoped_fixture]


def finish(open_jobs, claim: Claim) -> None:
    with open_jobs() as jobs:
        job = jobs.finish_chunk(claim, {"owner": str(claim.owner)})
        jobs.progress(job, job.done + 1, {"ordinal": claim.ordinal})


def assert_log_is_sound(open_jobs, job_id: uuid.UUID) -> list:
    with open_jobs() as jobs:
        events = jobs.events(job_id, 0, limit=1000)
        job = jobs.session.get_one(Job, job_id)
    assert [event.seq for event in events] == list(range(1, job.last_seq + 1))
    assert [event.at for event in events] == sorted(event.at for event in events)
    return events


async def delivered(workshop, job_id: uuid.UUID, ordinal: int, delivery: int, work) -> None:
    """Deliver the chunk's message until a worker has no more to do for it."""
    while True:
        try:
            await workshop.worker.handle(workshop.message(job_id, ordinal, delivery), work)
        except Redeliver:
            await asyncio.sleep(0.02)
        else:
            return


def test_of_many_claims_at_once_one_wins(open_jobs, new_job) -> None:
    job_id = new_job()
    barrier = threading.Barrier(8)

    def claim(_: int) -> object:
        barrier.wait()
        with open_jobs() as jobs:
            return jobs.claim(job_id, 1, LEASE)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(claim, range(8)))
    assert Counter(type(result) for result in results) == {Claim: 1, ChunkBusy: 7}


def test_many_chunks_finished_at_once_number_their_events_without_a_gap(open_jobs, new_job) -> None:
    job_id = new_job(chunks=24)
    barrier = threading.Barrier(8)

    def work(worker: int) -> None:
        barrier.wait()
        for ordinal in range(worker + 1, 25, 8):
            with open_jobs() as jobs:
                claim = jobs.claim(job_id, ordinal, LEASE)
            assert isinstance(claim, Claim)
            finish(open_jobs, claim)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    events = assert_log_is_sound(open_jobs, job_id)
    assert [event.payload["done"] for event in events] == list(range(1, 25))
    assert {event.payload["ordinal"] for event in events} == set(range(1, 25))


def test_leases_taken_waits_told_and_results_stored_at_once_never_deadlock(
    open_jobs, new_job, database
) -> None:
    """Every order of locks that workers use, on the same rows, with leases that lapse at once."""
    job_id = new_job(chunks=3)
    stop = datetime.now(UTC) + timedelta(seconds=4)
    stored: list[int] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        while datetime.now(UTC) < stop:
            with open_jobs() as jobs:
                claim = jobs.claim(job_id, chance.randint(1, 3), timedelta(milliseconds=1))
            if not isinstance(claim, Claim):
                continue
            choice = chance.random()
            try:
                if choice < 0.01:
                    finish(open_jobs, claim)
                    stored.append(claim.ordinal)
                    continue
                with open_jobs() as jobs:
                    if choice < 0.4:
                        until = datetime.now(UTC) + timedelta(seconds=chance.randint(1, 600))
                        jobs.rest(claim, "quota", until)
                    elif choice < 0.7:
                        jobs.extend(claim, timedelta(milliseconds=2))
                    else:
                        jobs.release(claim)
            except LeaseLost:
                continue

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert_log_is_sound(open_jobs, job_id)
    assert max(Counter(stored).values(), default=0) <= 1


def test_a_chunk_that_goes_to_rest_waits_for_the_job_before_it_is_locked(
    open_jobs, new_job
) -> None:
    """Else a worker that finishes the chunk late would wait for the one that waits for it."""
    job_id = new_job()
    with open_jobs() as jobs:
        claim = jobs.claim(job_id, 1, LEASE)
    assert isinstance(claim, Claim)

    def rest() -> None:
        with open_jobs() as jobs:
            jobs.rest(claim, "quota", datetime.now(UTC) + timedelta(seconds=60))

    with ThreadPoolExecutor(1) as pool:
        with open_jobs() as jobs:
            jobs.lock(job_id)
            resting = pool.submit(rest)
            time.sleep(0.3)
            jobs.finish_chunk(claim, {})
        resting.result()
    with open_jobs() as jobs:
        assert jobs.chunks(job_id)[0].status == "done"


def test_a_job_that_many_workers_find_queued_starts_once(open_jobs, new_job) -> None:
    job_id = new_job()
    barrier = threading.Barrier(6)

    def start(_: int) -> bool:
        with open_jobs() as jobs:
            jobs.session.get(Job, job_id)
            barrier.wait()
            return jobs.start_queued(job_id)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(start, range(6))) == 1
    assert [event.type for event in assert_log_is_sound(open_jobs, job_id)] == ["job.started"]


async def test_duplicate_deliveries_to_many_workers_store_each_chunk_once(
    workshop, open_jobs, new_job, database
) -> None:
    job_id = new_job(chunks=6)
    calls: Counter[int] = Counter()

    async def work(claim: Claim) -> None:
        calls[claim.ordinal] += 1
        await asyncio.sleep(0.05)
        await asyncio.to_thread(finish, open_jobs, claim)

    await asyncio.gather(
        *(delivered(workshop, job_id, n, d, work) for n in range(1, 7) for d in range(3))
    )
    assert calls == dict.fromkeys(range(1, 7), 1)
    assert Counter(token for _, token, _ in workshop.tokens.answers) == {
        f"token-{n}": 3 for n in range(1, 7)
    }
    assert len(assert_log_is_sound(open_jobs, job_id)) == 7


async def test_lapsing_leases_flaky_work_and_quota_end_in_each_result_once(
    workshop, open_jobs, new_job, database, monkeypatch
) -> None:
    monkeypatch.setattr(worker_module, "MOST_ATTEMPTS", 1000)
    monkeypatch.setattr(worker_module, "LOOK_SECONDS", 0.05)
    job_id = new_job(chunks=5)
    chance = random.Random(7)

    async def work(claim: Claim) -> None:
        await asyncio.sleep(chance.random() * 0.05)
        fate = chance.random()
        if fate < 0.2:
            raise OSError("flaky")
        if fate < 0.4:
            raise ModelSaturated(datetime.now(UTC) + timedelta(seconds=1), "quota")
        if fate < 0.6:  # The lease runs out, and someone else may take the chunk meanwhile.
            with database.transaction() as session:
                session.execute(
                    update(JobChunk)
                    .where(JobChunk.lease_owner == claim.owner)
                    .values(lease_until=datetime.now(UTC))
                )
            await asyncio.sleep(0.1)
        await asyncio.to_thread(finish, open_jobs, claim)

    deliveries = (delivered(workshop, job_id, n, d, work) for n in range(1, 6) for d in range(2))
    await asyncio.wait_for(asyncio.gather(*deliveries), 60)
    events = assert_log_is_sound(open_jobs, job_id)
    told = [event.payload["ordinal"] for event in events if event.type == "job.progress"]
    assert sorted(told) == [1, 2, 3, 4, 5]
    assert all(answer[0] == "succeed" for answer in workshop.tokens.answers)


@pytest.mark.parametrize("repetition", range(3))
def test_a_cancel_among_finishing_workers_is_the_last_event(open_jobs, new_job, repetition) -> None:
    job_id = new_job(chunks=12)
    barrier = threading.Barrier(5)

    def work(worker: int) -> int:
        barrier.wait()
        stored = 0
        for ordinal in range(worker + 1, 13, 4):
            with open_jobs() as jobs:
                claim = jobs.claim(job_id, ordinal, LEASE)
            if isinstance(claim, JobOver):
                continue
            try:
                finish(open_jobs, claim)
                stored += 1
            except JobCancelled:
                continue
        return stored

    def cancel() -> bool:
        barrier.wait()
        with open_jobs() as jobs:
            return jobs.cancel(job_id)

    with ThreadPoolExecutor(5) as pool:
        cancelling = pool.submit(cancel)
        stored = sum(pool.map(work, range(4)))
    assert cancelling.result()
    events = assert_log_is_sound(open_jobs, job_id)
    assert [event.type for event in events] == ["job.progress"] * stored + ["job.cancelled"]


def test_ends_that_race_end_the_job_once(open_jobs, new_job) -> None:
    job_id = new_job()
    barrier = threading.Barrier(6)

    def end(kind: int) -> bool:
        barrier.wait()
        with open_jobs() as jobs:
            if kind == 0:
                return jobs.cancel(job_id)
            if kind == 1:
                return jobs.fail(job_id, "broken", "It broke.")
            try:
                jobs.complete(job_id, {})
            except JobCancelled:
                return False
            return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(end, [0, 1, 2] * 2))
    assert sum(won) == 1
    assert len(assert_log_is_sound(open_jobs, job_id)) == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["claim", "finish", "fail", "release", "lapse", "extend", "wait", "cancel"]
        ),
        st.integers(1, 2),
        st.integers(0, 3),
    ),
    max_size=25,
)


class OneAfterTheOther:
    """Takes steps on a job and checks each against what may come of it.

    Old claims are kept and used again at any time, as by workers that were thought dead.
    """

    def __init__(self, open_jobs, job_id: uuid.UUID) -> None:
        self.open_jobs = open_jobs
        self.job_id = job_id
        self.claims: list[Claim] = []
        self.holders: dict[int, uuid.UUID] = {}
        self.closed: dict[int, uuid.UUID] = {}
        self.ended = False

    def take(self, step: str, ordinal: int, which: int) -> None:
        with self.open_jobs() as jobs:
            if step == "claim":
                self.claim(jobs, ordinal)
            elif step == "lapse":
                past = datetime.now(UTC) - timedelta(seconds=1)
                chunk = (JobChunk.job_id == self.job_id) & (JobChunk.ordinal == ordinal)
                jobs.session.execute(update(JobChunk).where(chunk).values(lease_until=past))
            elif step == "cancel":
                assert jobs.cancel(self.job_id) is not self.ended
                self.ended = True
            elif step == "wait":
                jobs.wait(self.job_id, "quota", datetime.now(UTC) + timedelta(seconds=which))
            elif self.claims:
                self.use(jobs, step, self.claims[which % len(self.claims)])

    def claim(self, jobs: JobStore, ordinal: int) -> None:
        result = jobs.claim(self.job_id, ordinal, LEASE)
        assert isinstance(result, ChunkFinished) == (ordinal in self.closed)
        if isinstance(result, Claim):
            assert not self.ended
            self.claims.append(result)
            self.holders[ordinal] = result.owner

    def use(self, jobs: JobStore, step: str, claim: Claim) -> None:
        if step == "release":
            jobs.release(claim)
            if self.holders.get(claim.ordinal) == claim.owner:
                del self.holders[claim.ordinal]
        elif step == "extend":
            self.extend(jobs, claim)
        else:
            self.close(jobs, step, claim)

    def extend(self, jobs: JobStore, claim: Claim) -> None:
        try:
            assert jobs.extend(claim, LEASE) == (claim.ordinal not in self.closed)
        except LeaseLost:
            assert claim.ordinal not in self.closed
        except JobCancelled:
            assert self.ended

    def close(self, jobs: JobStore, step: str, claim: Claim) -> None:
        try:
            if step == "finish":
                job = jobs.finish_chunk(claim, {"owner": str(claim.owner)})
                jobs.progress(job, job.done + 1, {})
            else:
                jobs.fail_chunk(claim, "broken", "It broke.")
        except JobCancelled:
            return
        assert not self.ended
        assert claim.ordinal not in self.closed
        assert self.holders.get(claim.ordinal) == claim.owner
        self.closed[claim.ordinal] = claim.owner


@settings(max_examples=60, deadline=None, suppress_health_check=FOR_A_FUNCTION_FIXTURE)
@given(steps=STEPS)
@example(steps=[("claim", 1, 0), ("lapse", 1, 0), ("claim", 1, 0), ("finish", 1, 0)])
@example(steps=[("claim", 1, 0), ("release", 1, 0), ("claim", 1, 0), ("fail", 1, 0)])
def test_no_order_of_steps_stores_a_chunk_twice_or_after_the_end(open_jobs, new_job, steps) -> None:
    job_id = new_job(chunks=2)
    model = OneAfterTheOther(open_jobs, job_id)
    for step in steps:
        model.take(*step)
    events = assert_log_is_sound(open_jobs, job_id)
    with open_jobs() as jobs:
        done = [chunk for chunk in jobs.chunks(job_id) if chunk.status == "done"]
    assert sum(event.type == "job.progress" for event in events) == len(done)
    for chunk in done:
        assert chunk.result == {"owner": str(model.closed[chunk.ordinal])}
    if model.ended:
        assert events[-1].type == "job.cancelled"
