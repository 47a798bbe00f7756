"""The HTTP interface of documents."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import OperationalError

from functions.documents.api import app
from functions.jobs.object_sweep import ObjectSweep
from shared.database.engine import Database
from shared.database.tables.chat import ChatMessage, ChatSession
from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.evaluation import Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, Regeneration
from shared.identifiers import new_id
from shared.jobs.model import JobKind
from shared.jobs.store import JobStore
from shared.storage.ports import StorageAway
from tests.factories import rows
from tests.fakes.object_storage import FakeObjectStorage
from tests.fakes.web import signed_in

ClientOf = Callable[[uuid.UUID], TestClient]
AddDocument = Callable[..., Document]


def add_pages(database: Database, document: Document) -> None:
    texts = ["First page.", "", "Third page."]
    with database.transaction() as session:
        session.add_all(
            DocumentPage(
                document_id=document.id,
                number=number,
                label="iii" if number == 3 else None,
                text=text,
                characters=len(text),
                has_text=bool(text),
                text_source="text_layer" if text else None,
            )
            for number, text in enumerate(texts, start=1)
        )


def test_a_new_document_awaits_its_upload_to_a_key_of_its_own(
    client: TestClient, user_id: uuid.UUID
) -> None:
    answer = client.post("/api/documents", json={"filename": "a/b.pdf", "size_bytes": 1234})
    assert answer.status_code == 201
    document, upload = answer.json()["document"], answer.json()["upload"]
    assert document["filename"] == "b.pdf"
    assert document["status"] == "awaiting_upload"
    assert document["error"] is None
    assert document["page_count"] is None
    assert upload["fields"]["key"] == f"uploads/{user_id}/{document['id']}.pdf"
    assert upload["fields"]["most"] == "1234"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filename": "a.pdf", "size_bytes": 50 * 1024 * 1024 + 1}, "size_bytes"),
        ({"filename": "a.pdf", "size_bytes": 10**30}, "size_bytes"),
        ({"filename": "a.pdf", "size_bytes": 0}, "size_bytes"),
        ({"filename": "a.pdf", "size_bytes": -1}, "size_bytes"),
        ({"filename": "a.pdf", "size_bytes": "100"}, "size_bytes"),
        ({"filename": "a.pdf", "size_bytes": 1.5}, "size_bytes"),
        ({"filename": "a.pdf", "size_bytes": True}, "size_bytes"),
        ({"filename": "a.pdf"}, "size_bytes"),
        ({"filename": "", "size_bytes": 1}, "filename"),
        ({"filename": "x" * 256, "size_bytes": 1}, "filename"),
        ({"filename": "a\u0000.pdf", "size_bytes": 1}, "filename"),
        ({"filename": "\ud800.pdf", "size_bytes": 1}, "filename"),
        ({"filename": None, "size_bytes": 1}, "filename"),
        ({"filename": ["a"], "size_bytes": 1}, "filename"),
        ({"filename": "a.pdf", "size_bytes": 1, "status": "ready"}, "status"),
    ],
)
def test_a_bad_document_is_refused_by_the_name_of_its_field(
    client: TestClient, body: dict[str, Any], field: str
) -> None:
    answer = client.post(
        "/api/documents",
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_the_same_idempotency_key_makes_one_document(
    client: TestClient, database: Database
) -> None:
    body = {"filename": "a.pdf", "size_bytes": 1}
    first, second = (
        client.post("/api/documents", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 1


def test_more_than_sixty_creations_a_minute_are_too_many(client: TestClient) -> None:
    body = {"filename": "a.pdf", "size_bytes": 1}
    statuses = [client.post("/api/documents", json=body).status_code for _ in range(61)]
    assert statuses == [201] * 60 + [429]


def test_documents_are_listed_newest_first_and_page_by_page(
    client: TestClient, add_document: AddDocument
) -> None:
    ids = [str(add_document().id) for _ in range(3)]
    first = client.get("/api/documents", params={"limit": 2}).json()
    rest = client.get("/api/documents", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None


def test_a_ready_document_shows_its_pages(
    client: TestClient, database: Database, add_document: AddDocument
) -> None:
    bookmarks = [{"title": "Cells", "page": 1, "level": 1}]
    document = add_document(
        status="ready", sha256="a" * 64, page_count=3, character_count=22, outline=bookmarks
    )
    add_pages(database, document)
    answer = client.get(f"/api/documents/{document.id}").json()
    assert answer["status"] == "ready"
    known = {"text_source": "text_layer", "transcription_error": None}
    assert answer["pages"] == [
        {"number": 1, "label": None, "characters": 11, "has_text": True, **known},
        {**known, "number": 2, "label": None, "characters": 0, "has_text": False}
        | {"text_source": None},
        {"number": 3, "label": "iii", "characters": 11, "has_text": True, **known},
    ]
    assert answer["outline"] == [{"title": "Cells", "page": 1, "level": 1}]
    page = client.get(f"/api/documents/{document.id}/pages/3").json()
    assert page == {
        "number": 3,
        "label": "iii",
        "characters": 11,
        "has_text": True,
        **known,
        "text": "Third page.",
    }


def test_a_rejected_document_says_why(client: TestClient, add_document: AddDocument) -> None:
    document = add_document(status="rejected", error_code="encrypted", error_message="Locked.")
    answer = client.get(f"/api/documents/{document.id}").json()
    assert answer["error"] == {"code": "encrypted", "message": "Locked."}
    assert answer["pages"] == []


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        ("4", 404, "page_not_found"),
        ("0", 422, "invalid_request"),
        ("-1", 422, "invalid_request"),
        ("one", 422, "invalid_request"),
        ("99999999999999", 422, "invalid_request"),
    ],
)
def test_a_page_that_is_not_there_is_told(
    client: TestClient, add_document: AddDocument, number: str, status: int, code: str
) -> None:
    answer = client.get(f"/api/documents/{add_document().id}/pages/{number}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_documents_of_others_are_not_found(
    client: TestClient, add_user: Callable[[], uuid.UUID], add_document: AddDocument
) -> None:
    theirs = f"/api/documents/{add_document(user_id=add_user()).id}"
    for answer in (client.get(theirs), client.get(f"{theirs}/pages/1"), client.delete(theirs)):
        assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")
    assert client.get("/api/documents").json()["items"] == []


def test_a_malformed_id_is_a_client_error(client: TestClient) -> None:
    assert client.get("/api/documents/not-an-id").status_code == 422
    assert client.get("/api/documents/%00").status_code == 422


def test_without_a_token_nothing_is_shown(client_of: ClientOf) -> None:
    assert TestClient(app).get("/api/documents").status_code == 401


def test_deleting_a_document_removes_its_file_pages_and_chats(
    client: TestClient,
    database: Database,
    storage: FakeObjectStorage,
    add_document: AddDocument,
    user_id: uuid.UUID,
) -> None:
    document = add_document(status="ready", sha256="a" * 64, page_count=3)
    add_pages(database, document)
    storage.objects[document.object_key] = b"%PDF-"
    with database.transaction() as session:
        session.add(ChatSession(user_id=user_id, document_id=document.id, title="t"))
    assert client.delete(f"/api/documents/{document.id}").status_code == 204
    assert storage.objects == {}
    with database.transaction() as session:
        for table in (Document, DocumentPage, ChatSession, ChatMessage):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    assert client.delete(f"/api/documents/{document.id}").status_code == 404


def test_deleting_a_document_ends_the_work_on_it_and_no_other(
    client: TestClient, database: Database
) -> None:
    with database.transaction() as session:
        owner = rows.add_user(session)
        own, other = (rows.add_document(session, owner, ("Text.",)) for _ in range(2))
        made = [rows.add_question_set(session, one) for one in (own, own, own, other)]
        generated, remade, graded, kept = made
        jobs = JobStore(session)
        running = [
            jobs.create(kind, owner.id, 1, timedelta(minutes=5))
            for kind in (
                JobKind.TRANSCRIPTION,
                JobKind.GENERATION,
                JobKind.GENERATION,
                JobKind.EVALUATION,
                JobKind.GENERATION,
            )
        ]
        own.ocr_job_id = running[0].id
        generated.job_id, kept.job_id = running[1].id, running[4].id
        question = select(Question.id).where(Question.question_set_id == remade.id).limit(1)
        session.add(
            Regeneration(
                job_id=running[2].id,
                question_set_id=remade.id,
                question_id=session.scalar(question),
            )
        )
        session.add(
            Submission(
                id=new_id(),
                user_id=owner.id,
                question_set_id=graded.id,
                job_id=running[3].id,
                status="grading",
            )
        )

    path = f"/api/documents/{own.id}"
    assert client.delete(path, headers=signed_in(owner.id)).status_code == 204

    with database.transaction() as session:
        ends = [session.get_one(Job, job.id).status for job in running]
        events = [event.type for event in JobStore(session).events(running[1].id, 0)]
    assert ends == ["cancelled"] * 4 + ["queued"]
    assert events == ["job.cancelled"]


@pytest.mark.parametrize("failure", [StorageAway("SlowDown"), RuntimeError("killed")])
def test_a_file_that_could_not_be_removed_with_its_document_goes_later(
    client: TestClient,
    storage: FakeObjectStorage,
    add_document: AddDocument,
    object_sweep_in: Callable[..., ObjectSweep],
    failure: Exception,
) -> None:
    def fail() -> None:
        raise failure

    document = add_document()
    storage.objects = dict.fromkeys((document.object_key, "other"), b"%PDF-")
    storage.meanwhile = fail
    assert client.delete(f"/api/documents/{document.id}").status_code == 204
    assert client.get(f"/api/documents/{document.id}").status_code == 404
    storage.meanwhile = lambda: None
    assert object_sweep_in(minutes=2).delete_objects() == 1
    assert set(storage.objects) == {"other"}


def test_a_document_whose_deletion_is_not_committed_keeps_its_file(
    client: TestClient,
    storage: FakeObjectStorage,
    add_document: AddDocument,
    object_sweep_in: Callable[..., ObjectSweep],
    engine: Engine,
) -> None:
    def fail(_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    document = add_document()
    storage.objects[document.object_key] = b"%PDF-"
    event.listen(engine, "commit", fail)
    try:
        answer = client.delete(f"/api/documents/{document.id}")
    finally:
        event.remove(engine, "commit", fail)
    assert answer.status_code == 503
    assert client.get(f"/api/documents/{document.id}").status_code == 200
    assert object_sweep_in(days=2).delete_objects() == 0
    assert set(storage.objects) == {document.object_key}


def test_what_is_uploaded_for_a_deleted_document_goes_when_no_more_can_come(
    client: TestClient,
    storage: FakeObjectStorage,
    add_document: AddDocument,
    object_sweep_in: Callable[..., ObjectSweep],
) -> None:
    """Also where the news of the upload is lost, which the reader would act upon at once."""
    document = add_document()
    client.delete(f"/api/documents/{document.id}")
    storage.objects[document.object_key] = b"%PDF-"
    assert object_sweep_in(hours=23).delete_objects() == 0
    assert object_sweep_in(hours=24, minutes=1).delete_objects() == 1
    assert storage.objects == {}
