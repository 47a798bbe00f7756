"""Questions of scanned pages say so, wherever they are seen."""

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

SCANNED = (3, 4)


def mark_scanned(database: Database, document: Document) -> None:
    """Let some pages be pictures that were transcribed."""
    with database.transaction() as session:
        session.execute(
            update(DocumentPage)
            .where(DocumentPage.document_id == document.id, DocumentPage.number.in_(SCANNED))
            .values(text_source="transcription")
        )
        session.get_one(Document, document.id).transcript_digest = "d" * 64


@pytest.fixture
def scanned(database: Database, redis: Redis) -> Generation:
    generation = Generation(database, redis, propose)
    mark_scanned(database, generation.document)
    generation.job_id, generation.set_id = generation.request(GenerationParameters(12))
    generation.run()
    return generation


def views(api: Any, generation: Generation, path: str = "?include=keys") -> list[dict[str, Any]]:
    found = api.call(generation.user.id, "GET", f"/sets/{generation.set_id}{path}").json()
    return list(found["questions"])


def test_a_source_says_whether_its_page_was_transcribed(scanned: Generation, api: Any) -> None:
    marks = {one["source"]["page"]: one["source"]["transcribed"] for one in views(api, scanned)}

    assert set(marks.values()) == {True, False}
    assert all(marked is (page in SCANNED) for page, marked in marks.items())


def test_so_does_the_question_on_the_socket(scanned: Generation) -> None:
    told = [one for event in scanned.events() for one in event.get("questions", [])]

    assert told
    for question in told:
        source = question["source"]
        assert source["transcribed"] is (source["page"] in SCANNED)


def test_so_do_the_copies_that_others_get_of_it(
    scanned: Generation, api: Any, database: Database
) -> None:
    original = [one["source"] for one in views(api, scanned)]
    with database.transaction() as session:
        scanned.user = add_user(session)
        scanned.document = add_document(session, scanned.user, TEXTS)
    mark_scanned(database, scanned.document)

    scanned.job_id, scanned.set_id = scanned.request(GenerationParameters(scanned.count))

    assert scanned.job().cached
    assert [one["source"] for one in views(api, scanned)] == original


def test_so_does_an_export(scanned: Generation, api: Any) -> None:
    questions = views(api, scanned, "/export?format=json")
    gift = api.call(
        scanned.user.id, "GET", f"/sets/{scanned.set_id}/export?format=gift"
    ).content.decode()

    assert any(one["source"]["transcribed"] for one in questions)
    for question in questions:
        mark = ", OCR" if question["source"]["transcribed"] else ""
        page = question["source"]["page"]
        assert f"Page p{page} ({page}){mark}\\: “{question['source']['quote']}" in gift
