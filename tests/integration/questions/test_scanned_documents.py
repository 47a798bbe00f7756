"""Questions of documents whose pages are pictures, read or not."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import update

from functions.questions.rules.model import GenerationParameters
from shared.database.engine import Database
from shared.database.tables.documents import Document, DocumentPage
from tests.factories.drafts import propose
from tests.factories.rows import add_document, add_user
from tests.integration.questions.generation import TEXTS, Generation

HALF_READ = (*TEXTS[:2], "", "")
Start = Callable[..., Generation]


@pytest.fixture
def start(database: Database, redis: Redis) -> Start:
    def build(texts: tuple[str, ...] = HALF_READ, count: int = 8) -> Generation:
        generation = Generation(database, redis, propose, count, texts=texts)
        transcribe(generation, generation.document, up_to=2)
        ask(generation)
        return generation

    return build


def ask(generation: Generation) -> None:
    """Ask for as many questions of the document as it stands."""
    parameters = GenerationParameters(generation.count)
    generation.job_id, generation.set_id = generation.request(parameters)


def transcribe(generation: Generation, document: Document, *, up_to: int, by: str = "") -> None:
    """Let the pages as far as this one be transcribed; `by` makes the words another reader's."""
    with generation.database.transaction() as session:
        row = session.get_one(Document, document.id, with_for_update=True)
        for number, text in enumerate(TEXTS[:up_to], start=1):
            session.execute(
                update(DocumentPage)
                .where(DocumentPage.document_id == document.id, DocumentPage.number == number)
                .where(DocumentPage.text_source.is_(None))
                .values(text=text + by, has_text=True, text_source="transcription")
            )
        row.ocr_status = "transcribing" if up_to < len(TEXTS) else "done"
        row.transcript_digest = f"{up_to}{by}"


def another_user(generation: Generation) -> None:
    """Let the same be asked by somebody else, whose document has been read as far."""
    with generation.database.transaction() as session:
        generation.user = add_user(session)
        generation.document = add_document(session, generation.user, HALF_READ)
    transcribe(generation, generation.document, up_to=2)


def test_what_is_transcribed_meanwhile_is_no_part_of_the_set(start: Start) -> None:
    generation = start()
    transcribe(generation, generation.document, up_to=4)

    generation.run()

    assert {one.source_page for one in generation.questions()} <= {1, 2}
    assert generation.question_set().coverage["skipped_pages"] == {"not_transcribed": [3, 4]}


def test_so_who_has_the_same_partial_text_is_served_what_stands_in_it(start: Start) -> None:
    generation = start()
    transcribe(generation, generation.document, up_to=4)
    generation.run()
    generation.model.requests.clear()

    another_user(generation)
    ask(generation)

    assert generation.job().cached
    for question in generation.questions():
        page = HALF_READ[question.source_page - 1]
        assert page[question.source_start : question.source_end] == question.source_quote


def test_who_follows_is_served_so_too_however_both_documents_grow(start: Start) -> None:
    leader, follower = start(), start()
    assert follower.question_set().follows == leader.set_id
    transcribe(leader, leader.document, up_to=4)
    transcribe(follower, follower.document, up_to=4, by=" Read otherwise.")
    leader.run()

    follower.run()

    assert follower.question_set().copied_from == leader.set_id
    assert {one.source_page for one in follower.questions()} <= {1, 2}


def test_the_whole_text_makes_another_set(start: Start) -> None:
    generation = start()
    generation.run()
    transcribe(generation, generation.document, up_to=4)

    ask(generation)
    generation.run()

    assert not generation.job().cached
    assert {one.source_page for one in generation.questions()} & {3, 4}
    assert generation.question_set().coverage["skipped_pages"] == {}


def test_a_question_that_is_made_again_may_come_from_any_page(start: Start, api: Any) -> None:
    generation = start()
    generation.run()
    transcribe(generation, generation.document, up_to=4)
    last = generation.questions()[-1]

    path = f"/sets/{generation.set_id}/questions/{last.id}/regenerate"
    generation.job_id = api.call(generation.user.id, "POST", path).json()["job"]["id"]
    generation.run()

    assert generation.job().status == "completed"
    passages = str([request.parts[0] for request in generation.model.requests])
    assert TEXTS[3][:40] in passages


def generate(api: Any, generation: Generation, **wish: Any) -> tuple[int, dict[str, Any]]:
    body = {"document_id": str(generation.document.id), "count": 4, **wish}
    answer = api.call(generation.user.id, "POST", "/generate", body)
    return answer.status_code, answer.json()


def unread(generation: Generation, ocr_status: str, retry_at: datetime | None = None) -> None:
    """Let no page of the document be read."""
    with generation.database.transaction() as session:
        session.execute(update(DocumentPage).values(text="", has_text=False, text_source=None))
        document = session.get_one(Document, generation.document.id)
        document.ocr_status, document.ocr_retry_at = ocr_status, retry_at


def test_of_a_scan_that_nobody_could_read_no_questions_are_made(start: Start, api: Any) -> None:
    generation = start()
    unread(generation, "needs_ocr", datetime(2031, 2, 3, 4, 5, tzinfo=UTC))

    status, problem = generate(api, generation)

    assert (status, problem["code"]) == (409, "needs_ocr")
    assert "2031-02-03 04:05 UTC" in problem["detail"]


def test_a_scan_that_is_being_read_is_worth_waiting_for(start: Start, api: Any) -> None:
    generation = start()
    unread(generation, "transcribing")

    status, problem = generate(api, generation)

    assert (status, problem["code"]) == (409, "document_not_ready")


def test_once_a_scan_is_read_questions_are_made_of_it(start: Start, api: Any) -> None:
    generation = start()
    unread(generation, "needs_ocr")
    transcribe(generation, generation.document, up_to=4)

    ask(generation)
    generation.run()

    assert len(generation.questions()) == 8
    assert all(one.source_transcribed for one in generation.questions())


def test_of_unread_pages_alone_no_questions_are_made(start: Start, api: Any) -> None:
    generation = start()

    status, problem = generate(api, generation, pages={"from": 3, "to": 4})

    assert (status, problem["code"]) == (409, "needs_ocr")
    assert generate(api, generation, pages={"from": 2, "to": 3})[0] == 202
