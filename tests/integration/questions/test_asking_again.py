"""A chunk whose reply left slots open asks again by itself, in the message it came with."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import update

from functions.questions.batch_work import MOST_CALLS
from functions.questions.drafts import DraftReply
from functions.questions.pipeline import GenerationOptions, GenerationPipeline
from functions.questions.store import PostgresGenerationStore
from shared.ai import ModelRequest, ModelUnavailable, ReplyBlocked
from shared.database.engine import Database
from shared.database.tables.jobs import Job, JobChunk
from shared.errors import JobCancelled
from shared.jobs.store import JobStore
from tests.factories.drafts import data_of, draft, propose, sentences_of
from tests.integration.questions.generation import TEXTS, Generation

Start = Callable[..., Generation]
ALL_AT_ONCE = GenerationOptions(chunks_per_batch=10)


@pytest.fixture
def start(database: Database, redis: Redis) -> Start:
    def build(answer: Any, count: int = 12, **options: Any) -> Generation:
        return Generation(database, redis, answer, count, options=ALL_AT_ONCE, **options)

    return build


class InventsOnce:
    """Proposes well, but for one slot whose first quotes nobody wrote."""

    def __init__(self, slot: int, times: int = 1) -> None:
        self.slot, self.times = slot, times

    def __call__(self, request: ModelRequest[Any]) -> DraftReply:
        reply = propose(request)
        for one in reply.questions:
            if one.slot == self.slot and self.times:
                self.times -= 1
                one.quote = "Nobody wrote this line."
        return reply


def _asked(generation: Generation) -> list[list[int]]:
    """The slots of each wish for questions, in the order of asking."""
    return [
        [slot["slot"] for slot in data_of(request, "blueprint")]
        for request in generation.model.requests
        if request.purpose == "generate"
    ]


def _rounds(generation: Generation) -> int:
    return int(generation.question_set().coverage["rounds"])


def test_what_a_reply_got_wrong_is_asked_again_without_a_further_round(start: Start) -> None:
    generation = start(InventsOnce(slot=3))

    generation.run()

    assert len(generation.questions()) == 12
    assert sorted(map(len, _asked(generation))) == [1, 2, 5, 5]
    assert _asked(generation)[-1] == [3]
    assert _rounds(generation) == 1


def test_a_chunk_asks_four_times_then_leaves_its_slot_to_a_further_round(start: Start) -> None:
    generation = start(InventsOnce(slot=3, times=MOST_CALLS))

    generation.run()

    assert len(generation.questions()) == 12
    assert [slots for slots in _asked(generation) if 3 in slots][1:] == [[3]] * MOST_CALLS
    assert _rounds(generation) == 2


def test_text_that_gave_too_little_is_left_for_text_that_nobody_is_asked_about(
    start: Start,
) -> None:
    texts = ("Brin turns dalo into fent for the goru of hask.", *TEXTS)

    def at_most_what_is_there(request: ModelRequest[Any]) -> DraftReply:
        said = set(data_of(request, "avoid_quotes"))
        free = [(page, one) for page, one in sentences_of(request) if one not in said]
        slots = data_of(request, "blueprint")
        return DraftReply(
            questions=[draft(slot, *place) for slot, place in zip(slots, free, strict=False)]
        )

    generation = start(at_most_what_is_there, count=35, texts=texts)

    generation.run()

    assert len(generation.questions()) == 35
    assert _rounds(generation) == 1
    quotes = [one.source_quote for one in generation.questions()]
    assert len(set(quotes)) == 35


def test_calls_side_by_side_read_different_text(start: Start) -> None:
    under_way: list[set[tuple[int, int]]] = []

    async def measure(request: ModelRequest[Any]) -> None:
        read = {
            (passage["page"], TEXTS[passage["page"] - 1].index(passage["text"]) + at)
            for passage in data_of(request, "passages")
            for at in range(len(passage["text"]))
        }
        assert not any(read & other for other in under_way)
        under_way.append(read)
        await asyncio.sleep(0.02)
        under_way.remove(read)

    generation = start(InventsOnce(slot=3, times=1), count=20)
    answer = generation.model.generate

    async def slowly(request: ModelRequest[Any]) -> Any:
        if request.purpose == "generate":
            await measure(request)
        return await answer(request)

    generation.model.generate = slowly  # type: ignore[method-assign]
    generation.run()

    assert len(generation.questions()) == 20


def test_a_refused_chunk_is_left_to_the_next_round(start: Start) -> None:
    generation = start(ReplyBlocked("SAFETY"), count=5)
    (ordinal,) = generation.pipeline.plan(generation.job_id)

    generation.generate([ordinal])

    assert len(_asked(generation)) == 1


def test_a_worker_that_dies_before_it_asks_again_leaves_that_to_the_next_delivery(
    start: Start,
) -> None:
    failing = [ModelUnavailable("the worker is gone", retry_after=1)]
    wrong = InventsOnce(slot=3)

    def die_when_asked_again(request: ModelRequest[Any]) -> Any:
        slots = [slot["slot"] for slot in data_of(request, "blueprint")]
        return failing.pop() if slots == [3] and failing else wrong(request)

    generation = start(die_when_asked_again)
    (ordinal,) = generation.pipeline.plan(generation.job_id)
    claim = generation.claim(ordinal)
    with pytest.raises(ModelUnavailable):
        asyncio.run(generation.pipeline.generate(claim))
    assert len(generation.questions()) == 11
    with generation.database.transaction() as session:
        JobStore(session).release(claim)

    generation.generate([ordinal])

    assert _asked(generation)[3:] == [[3], [3]]
    assert len(generation.questions()) == 12
    assert generation.pipeline.finish(generation.job_id) == []
    assert _rounds(generation) == 1


def test_a_late_answer_to_a_second_call_is_thrown_away_with_its_lease(start: Start) -> None:
    wrong = InventsOnce(slot=3)

    def lose_the_lease_when_asked_again(request: ModelRequest[Any]) -> Any:
        if [slot["slot"] for slot in data_of(request, "blueprint")] == [3]:
            with generation.database.transaction() as session:
                session.execute(update(JobChunk).values(lease_owner=generation.user.id))
        return wrong(request)

    generation = start(lose_the_lease_when_asked_again)
    (ordinal,) = generation.pipeline.plan(generation.job_id)

    with pytest.raises(JobCancelled):
        generation.generate([ordinal])

    assert [one.position for one in generation.questions()] == [1, 2, *range(4, 13)]


def test_a_job_that_is_cancelled_before_it_asks_again_spends_no_further_call(
    start: Start,
) -> None:
    generation = start(InventsOnce(slot=3), count=5)
    (ordinal,) = generation.pipeline.plan(generation.job_id)

    @contextmanager
    def cancelling_once_questions_are_stored() -> Iterator[PostgresGenerationStore]:
        with generation.database.transaction() as session:
            yield PostgresGenerationStore(session)
        if generation.questions():
            with generation.database.transaction() as session:
                JobStore(session).cancel(generation.job_id)

    generation.pipeline = GenerationPipeline(
        cancelling_once_questions_are_stored, lambda: generation.model, lambda _: None, ALL_AT_ONCE
    )
    with pytest.raises(JobCancelled):
        generation.generate([ordinal])

    assert _asked(generation) == [[1, 2, 3, 4, 5]]


def test_no_chunk_asks_again_shortly_before_the_deadline(start: Start) -> None:
    generation = start(InventsOnce(slot=3), count=5)
    (ordinal,) = generation.pipeline.plan(generation.job_id)
    with generation.database.transaction() as session:
        soon = datetime.now(UTC) + timedelta(seconds=50)
        session.execute(update(Job).values(deadline_at=soon))

    generation.generate([ordinal])

    assert len(_asked(generation)) == 1
    assert generation.pipeline.finish(generation.job_id) == []
    assert generation.question_set().shortfall_reasons == {"quote_not_found": 1}


def test_a_worker_that_has_been_at_it_for_long_leaves_open_slots_to_a_new_message(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.questions.batch_work.ASKS_AGAIN_FOR_SECONDS", 0.0)
    generation = start(InventsOnce(slot=3), count=5)
    (ordinal,) = generation.pipeline.plan(generation.job_id)

    generation.generate([ordinal])

    assert len(_asked(generation)) == 1
    assert generation.pipeline.finish(generation.job_id) == [2]
