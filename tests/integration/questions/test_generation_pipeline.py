"""A generation on a real database, from the plan to the finished set."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis

from functions.questions.drafts import DraftReply
from functions.questions.rules.model import GenerationParameters
from shared.ai import ModelRequest, ReplyBlocked
from shared.database.engine import Database
from shared.database.tables.documents import Document
from shared.database.tables.jobs import Job
from shared.errors import JobCancelled
from shared.jobs.model import ChunkFinished, Claim
from shared.jobs.store import JobStore
from tests.factories.drafts import data_of, draft, propose, sentences_of
from tests.integration.questions.generation import TEXTS, Generation

Start = Callable[..., Generation]


@pytest.fixture
def start(database: Database, redis: Redis) -> Start:
    def build(answer: Any = propose, count: int = 12, **options: Any) -> Generation:
        return Generation(database, redis, answer, count, **options)

    return build


def test_a_generation_delivers_what_was_asked_for(start: Start) -> None:
    generation = start()

    generation.run()

    assert generation.job().status == "completed"
    assert generation.question_set().status == "draft"
    assert [one.position for one in generation.questions()] == list(range(1, 13))


def test_every_quote_stands_at_its_offsets_on_its_page(start: Start) -> None:
    generation = start()

    generation.run()

    for question in generation.questions():
        page = TEXTS[question.source_page - 1]
        assert page[question.source_start : question.source_end] == question.source_quote
        assert question.source_label == f"p{question.source_page}"


def test_the_pdfs_outline_gives_the_sections(start: Start) -> None:
    generation = start()
    with generation.database.transaction() as session:
        session.get_one(Document, generation.document.id).outline = [
            {"title": "Brins", "page": 1, "level": 1},
            {"title": "Dalos", "page": 3, "level": 1},
        ]

    generation.run()

    sections = generation.question_set().coverage["by_section"]
    assert [(one["title"], one["page"], one["last_page"]) for one in sections] == [
        ("Brins", 1, 2),
        ("Dalos", 3, 4),
    ]
    assert [one["planned"] for one in sections] == [6, 6]
    assert sum(one["delivered"] for one in sections) == 12


@pytest.mark.parametrize(("focus", "found"), [("brin15", True), ("kidneys", False)])
def test_a_set_says_whether_its_focus_was_found(start: Start, focus: str, found: bool) -> None:
    generation = start()
    generation.job_id, generation.set_id = generation.request(
        GenerationParameters(count=2, focus=focus)
    )

    generation.run()

    assert generation.question_set().coverage["focus_found"] is found
    assert len(generation.questions()) == 2


def test_events_count_without_a_gap_and_carry_questions_without_keys(
    start: Start,
) -> None:
    generation = start()

    generation.run()

    events = generation.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "job.started"
    assert events[-1]["type"] == "job.completed"
    told = [one for event in events for one in event.get("questions", [])]
    assert len(told) == 12
    assert all(one["answer"] is None and one["rubric"] is None for one in told)


def test_planning_twice_plans_once(start: Start) -> None:
    generation = start()

    assert generation.pipeline.plan(generation.job_id) == [1, 2, 3]
    assert generation.pipeline.plan(generation.job_id) == [1, 2, 3]


def test_a_chunk_that_was_done_is_not_done_again(start: Start) -> None:
    generation = start()
    generation.pipeline.plan(generation.job_id)
    generation.generate([1])

    with generation.database.transaction() as session:
        again = JobStore(session).claim(generation.job_id, 1, timedelta(seconds=30))

    assert again == ChunkFinished(None)


def test_the_late_result_of_a_lost_lease_is_thrown_away(
    start: Start,
) -> None:
    generation = start(count=5)
    generation.pipeline.plan(generation.job_id)
    with generation.database.transaction() as session:
        lost = JobStore(session).claim(generation.job_id, 1, timedelta(seconds=-1))
    assert isinstance(lost, Claim)
    generation.generate([1])

    with pytest.raises(JobCancelled):
        asyncio.run(generation.pipeline.generate(lost))

    assert len(generation.questions()) == 5


def test_an_invented_quote_is_never_delivered(start: Start) -> None:
    def invent(request: ModelRequest[Any]) -> DraftReply:
        slots = data_of(request, "blueprint")
        return DraftReply(questions=[draft(slot, 1, "Nobody wrote this line.") for slot in slots])

    generation = start(answer=invent, count=5)

    generation.run()

    assert generation.questions() == []
    assert generation.job().status == "failed"
    assert generation.job().error_code == "no_questions"
    assert generation.question_set().shortfall_reasons == {"quote_not_found": 5}


def test_a_wrong_page_is_repaired_where_the_quote_stands(
    start: Start,
) -> None:
    def misplace(request: ModelRequest[Any]) -> DraftReply:
        reply = propose(request)
        for one in reply.questions:
            one.page = 99
        return reply

    generation = start(answer=misplace, count=5)

    generation.run()

    assert len(generation.questions()) == 5
    for question in generation.questions():
        assert question.source_quote in TEXTS[question.source_page - 1]


def test_the_same_question_from_every_chunk_is_delivered_once_and_the_rest_refilled(
    start: Start,
) -> None:
    def repeat(request: ModelRequest[Any]) -> DraftReply:
        if data_of(request, "avoid_stems"):
            return propose(request)
        page, sentence = sentences_of(request)[0]
        slots = data_of(request, "blueprint")
        return DraftReply(questions=[draft(slot, page, sentence) for slot in slots])

    generation = start(answer=repeat)

    generation.run()

    stems = [question.stem for question in generation.questions()]
    assert len(set(stems)) == len(stems) == 12


def test_a_refill_is_told_the_sentences_that_questions_stand_on(start: Start) -> None:
    def leave_out(request: ModelRequest[Any]) -> DraftReply:
        reply = propose(request)
        first = not data_of(request, "avoid_stems")
        kept = [one for one in reply.questions if not (first and one.slot == 2)]
        return DraftReply(questions=kept)

    generation = start(answer=leave_out, count=5)

    generation.run()

    refill = [one for one in generation.model.requests if one.purpose == "generate"][1]
    stored = {one.source_quote for one in generation.questions() if one.position != 2}
    assert set(data_of(refill, "avoid_quotes")) == stored
    assert len(generation.questions()) == 5


def test_a_refill_is_told_the_sentences_of_dropped_duplicates(start: Start) -> None:
    def repeat(request: ModelRequest[Any]) -> DraftReply:
        reply = propose(request)
        if not data_of(request, "avoid_stems"):
            first, second = reply.questions[:2]
            second.stem = first.stem
        return reply

    generation = start(answer=repeat, count=2, texts=TEXTS[:1])

    generation.run()

    requests = [one for one in generation.model.requests if one.purpose == "generate"]
    first, second = (sentence for _, sentence in sentences_of(requests[0])[:2])
    assert set(data_of(requests[1], "avoid_quotes")) == {first, second}


def test_a_fresh_generation_is_told_what_the_older_ones_stand_on(start: Start) -> None:
    generation = start()
    generation.run()
    old = {one.source_quote for one in generation.questions()}
    calls = len(generation.model.requests)

    generation.job_id, generation.set_id = generation.request(GenerationParameters(12), fresh=True)
    generation.run()

    requests = [one for one in generation.model.requests[calls:] if one.purpose == "generate"]
    assert {quote for one in requests for quote in data_of(one, "avoid_quotes")} == old
    assert not old & {one.source_quote for one in generation.questions()}
    assert len(generation.questions()) == 12


def test_coverage_says_what_was_planned_and_delivered_by_page_and_section(start: Start) -> None:
    texts = tuple(f"Chapter {number} Part\n{text}" for number, text in enumerate(TEXTS, start=1))
    generation = start(texts=texts)

    generation.pipeline.plan(generation.job_id)
    planned = generation.question_set().coverage["by_section"]
    generation.run()

    coverage = generation.question_set().coverage
    assert [(row["title"], row["planned"]) for row in planned] == [
        (f"Chapter {number} Part", 3) for number in range(1, 5)
    ]
    for rows in (coverage["by_page"], coverage["by_section"]):
        assert sum(row["planned"] for row in rows) == 12
        assert sum(row["delivered"] for row in rows) == 12


def test_the_reasons_of_a_shortfall_add_up_to_it(start: Start) -> None:
    def leave_out(request: ModelRequest[Any]) -> DraftReply:
        reply = propose(request)
        return DraftReply(questions=[one for one in reply.questions if one.slot != 7])

    generation = start(answer=leave_out)

    generation.run()

    finished = generation.question_set()
    assert finished.delivered == len(generation.questions())
    assert sum(finished.shortfall_reasons.values()) == finished.requested - finished.delivered
    assert "missing_item" in finished.shortfall_reasons


def test_a_refused_chunk_leaves_its_slots_open_for_its_reason(start: Start) -> None:
    generation = start(answer=ReplyBlocked("SAFETY"), count=5)

    generation.run()

    assert generation.job().error_code == "no_questions"
    assert generation.question_set().shortfall_reasons == {"reply_blocked": 5}


def test_a_cancelled_generation_takes_no_further_result(start: Start) -> None:
    generation = start(count=5)
    generation.pipeline.plan(generation.job_id)
    claim = generation.claim(1)
    with generation.database.transaction() as session:
        JobStore(session).cancel(generation.job_id)

    with pytest.raises(JobCancelled):
        asyncio.run(generation.pipeline.generate(claim))

    assert generation.questions() == []


def test_the_same_wish_again_is_served_from_the_cache(start: Start) -> None:
    generation = start()
    generation.run()
    first = [(one.stem, one.answer) for one in generation.questions()]

    generation.job_id, generation.set_id = generation.request(GenerationParameters(12))

    assert generation.job().cached
    assert generation.job().status == "completed"
    assert [(one.stem, one.answer) for one in generation.questions()] == first


def test_the_same_wish_while_it_runs_is_the_same_job(start: Start) -> None:
    generation = start()

    assert generation.request(GenerationParameters(12)) == (generation.job_id, generation.set_id)


def test_a_fresh_wish_starts_anew(start: Start) -> None:
    generation = start()
    generation.run()

    job_id, _ = generation.request(GenerationParameters(12), fresh=True)

    assert job_id != generation.job_id
    with generation.database.transaction() as session:
        assert session.get_one(Job, job_id).status == "queued"


@pytest.mark.parametrize(
    "sentence",
    [
        r"The energy \nu is $E = \frac{1}{2}mv^2$ and $\nabla \cdot \vec{B} = 0$.",
        "البناء الضوئي هو العملية التي تحول بها النباتات الطاقة.",
        "המיטוכונדריה היא תחנת הכוח של התא.",
        "光合作用 是植物 把光能 转化为 化学能.",
    ],
)
def test_formulas_and_scripts_survive_the_database_and_the_events(
    start: Start, sentence: str
) -> None:
    generation = start(count=1, texts=(sentence,))

    generation.run()

    (question,) = generation.questions()
    (told,) = (one for event in generation.events() for one in event.get("questions", []))
    assert question.source_quote == told["source"]["quote"] == sentence
    assert question.stem == told["stem"]
    assert sentence.rstrip(".").rpartition(" ")[0] in question.stem
