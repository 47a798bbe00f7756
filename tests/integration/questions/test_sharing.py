"""Wishes for the same thing, by one user or several, at one time or later."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from functions.questions.pipeline import LeaderUnderWay
from functions.questions.rules.model import GenerationParameters
from shared.database.engine import Database
from shared.database.tables.documents import Document
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.jobs.store import JobStore
from tests.factories.drafts import propose
from tests.factories.rows import add_document, add_user
from tests.integration.questions.generation import TEXTS, Generation

Start = Callable[..., Generation]


@pytest.fixture
def start(database: Database, redis: Redis) -> Start:
    def build(answer: Any = propose, count: int = 12, **options: Any) -> Generation:
        return Generation(database, redis, answer, count, **options)

    return build


def ask_again(generation: Generation, *, fresh: bool = False) -> None:
    """Make the same wish once more; `generation` is then about the new job."""
    parameters = GenerationParameters(generation.count)
    generation.job_id, generation.set_id = generation.request(parameters, fresh=fresh)


def stems(generation: Generation) -> list[str]:
    return [question.stem for question in generation.questions()]


def test_a_hit_costs_no_call_and_is_counted(start: Start) -> None:
    first, second = start(), start
    first.run()

    other = second()

    assert other.model.requests == []
    assert other.job().cached
    assert other.job().status == "completed"
    assert stems(other) == stems(first)


def test_a_hit_tells_its_questions_as_a_generation_does(start: Start) -> None:
    start().run()

    other = start()

    told = [one for event in other.events() for one in event.get("questions", [])]
    assert len(told) == 12
    assert all(one["answer"] is None for one in told)
    assert [event["type"] for event in other.events()][-1] == "job.completed"


def test_valkey_names_the_finished_set_from_the_second_hit_on(start: Start, redis: Redis) -> None:
    first = start()
    first.run()
    assert redis.keys("finished-set:*") == []

    start()

    (name,) = redis.keys("finished-set:*")
    assert redis.get(name) == str(first.set_id)
    assert stems(start()) == stems(first)


def test_what_valkey_names_is_not_served_once_it_was_edited(start: Start, redis: Redis) -> None:
    first = start()
    first.run()
    start()
    with first.database.transaction() as session:
        source = session.get_one(QuestionSet, first.set_id)
        source.edited_at = source.completed_at

    assert start().job().status == "queued"


def test_without_valkey_postgresql_is_asked(database: Database, redis: Redis) -> None:
    gone = Redis(port=1, socket_connect_timeout=0.1)
    first = Generation(database, gone, propose)
    first.run()

    assert Generation(database, gone, propose).job().cached


def test_two_users_share_one_generation(start: Start) -> None:
    leader, follower = start(), start()
    leader.run()

    follower.run()

    assert follower.model.requests == []
    assert follower.job().status == "completed"
    assert follower.job().cached
    assert stems(follower) == stems(leader)
    assert follower.question_set().copied_from == leader.set_id


def test_a_follower_waits_while_its_leader_works(start: Start) -> None:
    leader, follower = start(), start()
    leader.pipeline.plan(leader.job_id)
    (ordinal,) = follower.pipeline.plan(follower.job_id)

    with pytest.raises(LeaderUnderWay) as wait:
        asyncio.run(follower.pipeline.generate(follower.claim(ordinal)))

    assert wait.value.reason == "same_questions_under_way"
    assert follower.model.requests == []


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_a_follower_works_on_its_own_when_its_leader_fails(start: Start, end: str) -> None:
    leader, follower = start(), start()
    with leader.database.transaction() as session:
        jobs = JobStore(session)
        if end == "cancelled":
            jobs.cancel(leader.job_id)
        else:
            jobs.fail(leader.job_id, "deadline_exceeded", "Too late.")

    follower.run()

    assert follower.job().status == "completed"
    assert not follower.job().cached
    assert len(follower.questions()) == 12


def test_of_two_followers_of_a_lost_leader_one_leads_and_one_follows(start: Start) -> None:
    leader, first, second = start(), start(), start()
    with leader.database.transaction() as session:
        JobStore(session).cancel(leader.job_id)

    (ordinal,) = first.pipeline.plan(first.job_id)
    first.generate([ordinal])
    ordinals = first.pipeline.finish(first.job_id)
    (waiting,) = second.pipeline.plan(second.job_id)
    with pytest.raises(LeaderUnderWay):
        asyncio.run(second.pipeline.generate(second.claim(waiting)))

    assert second.question_set().follows == first.set_id
    first.generate(ordinals)
    assert first.pipeline.finish(first.job_id) == []


def test_a_follower_whose_leader_was_erased_works_on_its_own(start: Start) -> None:
    leader, follower = start(), start()
    with leader.database.transaction() as session:
        session.delete(session.get_one(QuestionSet, leader.set_id))

    follower.run()

    assert len(follower.questions()) == 12


def test_a_cancelled_follower_spends_nothing(start: Start) -> None:
    _, follower = start(), start()
    with follower.database.transaction() as session:
        JobStore(session).cancel(follower.job_id)

    assert follower.job().status == "cancelled"
    assert follower.model.requests == []


def test_another_file_shares_nothing(start: Start, redis: Redis) -> None:
    first = start()
    first.run()
    with first.database.transaction() as session:
        first.user = add_user(session)
        first.document = add_document(session, first.user, TEXTS, sha256="b" * 64)

    ask_again(first)

    assert first.job().status == "queued"
    assert first.question_set().follows is None


def test_a_set_made_before_a_transcription_is_not_served_after_it(start: Start) -> None:
    first = start()
    first.run()
    with first.database.transaction() as session:
        session.get_one(Document, first.document.id).transcript_digest = "c" * 64

    ask_again(first)

    assert first.job().status == "queued"
    assert first.question_set().follows is None


def test_a_fresh_set_repeats_none_of_the_old_stems(start: Start) -> None:
    generation = start(count=8)
    generation.run()
    old = set(stems(generation))

    ask_again(generation, fresh=True)
    generation.run()

    new = set(stems(generation))
    assert new
    assert not new & old


def test_a_stubborn_model_still_repeats_nothing_in_a_fresh_set(start: Start) -> None:
    def forget_what_to_avoid(request: Any) -> Any:
        return propose(request, avoid=False)

    generation = start(forget_what_to_avoid, count=5)
    generation.run()
    old = set(stems(generation))

    ask_again(generation, fresh=True)
    generation.run()

    assert not set(stems(generation)) & old
    finished = generation.question_set()
    assert sum(finished.shortfall_reasons.values()) == finished.requested - finished.delivered


def test_two_fresh_wishes_are_two_generations(start: Start) -> None:
    generation = start(fresh=True)
    first = generation.job_id

    ask_again(generation, fresh=True)

    assert generation.job_id != first
    assert generation.question_set().follows is None


def test_nothing_of_the_other_user_shows_in_a_shared_set(start: Start) -> None:
    leader = start()
    leader.run()
    follower = start()

    with follower.database.transaction() as session:
        ids = set(session.execute(select(Question.id)).scalars())
        own = {question.id for question in follower.questions()}
        theirs = {question.id for question in leader.questions()}
        job = session.get_one(Job, follower.job_id)

    assert ids == own | theirs
    assert not own & theirs
    assert str(leader.set_id) not in str(job.result)
    assert isinstance(job.user_id, uuid.UUID)
    assert job.user_id == follower.user.id
