"""Several chunks in one message: each is stored on its own."""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text, update

from functions.questions.pipeline import GenerationOptions
from shared.ai import (
    ModelRequest,
    ModelSaturated,
    ModelUnavailable,
    ReplyBlocked,
    ReplyTruncated,
)
from shared.database.engine import Database
from shared.database.tables.jobs import JobChunk
from shared.errors import JobCancelled
from shared.jobs.store import JobStore
from tests.factories.drafts import data_of, propose
from tests.integration.questions.generation import Generation

Start = Callable[..., Generation]
ALL_AT_ONCE = GenerationOptions(chunks_per_batch=10)


@pytest.fixture
def start(database: Database, redis: Redis) -> Start:
    def build(answer: Any = propose, count: int = 12) -> Generation:
        return Generation(database, redis, answer, count, options=ALL_AT_ONCE)

    return build


def _first_slot(request: ModelRequest[Any]) -> int:
    return int(data_of(request, "blueprint")[0]["slot"])


def test_the_chunks_of_a_small_set_are_one_message(start: Start) -> None:
    generation = start()

    assert generation.pipeline.plan(generation.job_id) == [1]

    generation.run()
    assert len(generation.questions()) == 12


def test_each_chunk_is_told_on_its_own(start: Start) -> None:
    generation = start()

    generation.run()

    progress = [event for event in generation.events() if event["type"] == "job.progress"]
    assert sorted(len(event["questions"]) for event in progress) == [2, 5, 5]
    assert [event["done"] for event in progress][-1] == 12


def test_chunks_of_a_message_wait_for_the_jobs_row_one_at_a_time(
    start: Start, database: Database
) -> None:
    with ExitStack() as elsewhere, ThreadPoolExecutor(1) as worker:
        locked = Event()

        def lock_the_job(request: ModelRequest[Any]) -> Any:
            if not locked.is_set():
                session = elsewhere.enter_context(database.transaction())
                JobStore(session).lock(generation.job_id)
                locked.set()
            return propose(request)

        generation = start(lock_the_job)
        (ordinal,) = generation.pipeline.plan(generation.job_id)
        working = worker.submit(generation.generate, [ordinal])
        assert locked.wait(10)
        most = max(_waiting_for_locks(database) for _ in range(40))
        elsewhere.close()
        working.result(20)

    assert most == 1
    assert len(generation.questions()) == 12


def _waiting_for_locks(database: Database) -> int:
    time.sleep(0.02)
    with database.transaction() as session:
        return session.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        ).scalar_one()


def test_a_chunk_that_fails_leaves_the_others_of_its_message_stored(start: Start) -> None:
    def block_the_second(request: ModelRequest[Any]) -> Any:
        return ReplyBlocked("SAFETY") if _first_slot(request) == 6 else propose(request)

    generation = start(block_the_second)
    (ordinal,) = generation.pipeline.plan(generation.job_id)
    generation.generate([ordinal])

    assert [one.position for one in generation.questions()] == [1, 2, 3, 4, 5, 11, 12]


@pytest.mark.parametrize(
    "failure",
    [
        ModelUnavailable("down", retry_after=1),
        ModelSaturated(datetime.now(UTC) + timedelta(seconds=5), "rpm"),
    ],
)
def test_what_was_stored_is_not_made_again_when_the_message_comes_back(
    start: Start, failure: Exception
) -> None:
    failing = [failure]

    def fail_once(request: ModelRequest[Any]) -> Any:
        if _first_slot(request) == 6 and failing:
            return failing.pop()
        return propose(request)

    generation = start(fail_once)
    (ordinal,) = generation.pipeline.plan(generation.job_id)
    claim = generation.claim(ordinal)
    with pytest.raises(type(failure)):
        asyncio.run(generation.pipeline.generate(claim))
    with generation.database.transaction() as session:
        JobStore(session).release(claim)

    generation.generate([ordinal])

    asked = [_first_slot(one) for one in generation.model.requests if one.purpose == "generate"]
    assert sorted(asked) == [1, 6, 6, 11]
    assert len(generation.questions()) == 12
    assert generation.pipeline.finish(generation.job_id) == []


def test_the_late_chunk_of_a_lost_lease_is_thrown_away(start: Start) -> None:
    def lose_the_lease(request: ModelRequest[Any]) -> Any:
        with generation.database.transaction() as session:
            session.execute(update(JobChunk).values(lease_owner=generation.user.id))
        return propose(request)

    generation = start(lose_the_lease)
    (ordinal,) = generation.pipeline.plan(generation.job_id)

    with pytest.raises(JobCancelled):
        generation.generate([ordinal])

    assert generation.questions() == []


def test_a_cut_off_reply_is_asked_for_in_halves(start: Start) -> None:
    def cut_off(request: ModelRequest[Any]) -> Any:
        many = len(data_of(request, "blueprint")) > 2
        return ReplyTruncated("{") if many else propose(request)

    generation = start(cut_off, count=5)

    generation.run()

    assert _asked(generation) == [5, 3, 2, 1, 2]
    assert len(generation.questions()) == 5


def _cut_after(questions: int, request: ModelRequest[Any]) -> ReplyTruncated:
    """A reply that breaks off in the middle of the question after so many."""
    whole = propose(request).model_dump_json()
    ends = [found.start() for found in re.finditer(re.escape('{"slot":'), whole)]
    return ReplyTruncated(whole[: ends[questions] + 60])


def _asked(generation: Generation) -> list[int]:
    """How many questions each call for questions asked for."""
    return [
        len(data_of(request, "blueprint"))
        for request in generation.model.requests
        if request.purpose == "generate"
    ]


def test_the_whole_questions_of_a_cut_off_reply_are_kept(start: Start) -> None:
    def cut_off(request: ModelRequest[Any]) -> Any:
        many = len(data_of(request, "blueprint")) > 2
        return _cut_after(3, request) if many else propose(request)

    generation = start(cut_off, count=5)

    generation.run()

    assert _asked(generation) == [5, 2]
    assert len(generation.questions()) == 5


def test_a_cut_off_chunk_gets_on_where_quota_is_for_one_call_at_a_time(start: Start) -> None:
    """What a call has brought is stored, so that the next delivery asks for the rest alone."""
    is_free = iter([True, False, False, True, False, False, True, False, False, True])

    def cut_off(request: ModelRequest[Any]) -> Any:
        if not next(is_free):
            return ModelSaturated(datetime.now(UTC) + timedelta(seconds=9), "minute_quota")
        many = len(data_of(request, "blueprint")) > 1
        return _cut_after(1, request) if many else propose(request)

    generation = start(cut_off, count=3)
    (ordinal,) = generation.pipeline.plan(generation.job_id)
    filled = []
    for _ in range(2):
        claim = generation.claim(ordinal)
        with pytest.raises(ModelSaturated):
            asyncio.run(generation.pipeline.generate(claim))
        with generation.database.transaction() as session:
            JobStore(session).release(claim, counted=False)
        filled.append(len(generation.questions()))

    assert filled == [1, 2]


def test_a_single_question_that_is_always_cut_off_is_told(start: Start) -> None:
    generation = start(ReplyTruncated("{"), count=2)

    generation.run()

    assert generation.question_set().shortfall_reasons == {"reply_truncated": 2}


def test_a_cancelled_job_spends_no_further_call(start: Start) -> None:
    def cancel(request: ModelRequest[Any]) -> Any:
        with generation.database.transaction() as session:
            JobStore(session).cancel(generation.job_id)
        return propose(request)

    generation = start(cancel, count=5)
    (ordinal,) = generation.pipeline.plan(generation.job_id)

    with pytest.raises(JobCancelled):
        generation.generate([ordinal])

    assert len(generation.model.requests) == 1
    assert generation.questions() == []
