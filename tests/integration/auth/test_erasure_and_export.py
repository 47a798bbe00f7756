"""All that is mine: given to me, and erased for me."""

import gzip
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from functions.auth.export import PersonalExport, attachment
from functions.auth.schemas import UserInfo
from functions.jobs.object_sweep import ObjectSweep
from shared.database.engine import Database
from shared.database.tables import Base
from shared.database.tables.chat import ChatMessage, ChatSession
from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.evaluation import Answer, Appeal, Grade, Submission
from shared.database.tables.jobs import Job, JobChunk, JobEvent
from shared.database.tables.questions import Question, QuestionSet
from shared.database.tables.storage import ObjectDeletion
from shared.errors import PayloadTooLarge
from shared.storage.ports import StorageAway
from tests.fakes.object_storage import FakeObjectStorage

Register = Callable[..., Any]


def give_everything(session: Session, user_id: uuid.UUID) -> None:
    """A document, a question set, a graded submission, a chat and a job of one user."""
    now = datetime.now(UTC)
    document = Document(
        id=uuid.uuid4(),
        user_id=user_id,
        filename="notes.pdf",
        object_key=f"uploads/{user_id}/notes.pdf",
        size_bytes=10,
        status="ready",
        sha256="0" * 64,
        page_count=1,
    )
    job = Job(
        id=uuid.uuid4(),
        user_id=user_id,
        kind="generation",
        status="running",
        deadline_at=now + timedelta(hours=1),
    )
    session.add_all([document, job])
    session.flush()
    page = DocumentPage(
        document_id=document.id, number=1, text="Water boils.", characters=12, has_text=True
    )
    chunk = JobChunk(job_id=job.id, ordinal=1, payload={})
    event = JobEvent(job_id=job.id, seq=1, type="job.started", payload={"total": 1})
    question_set = QuestionSet(
        id=uuid.uuid4(),
        user_id=user_id,
        document_id=document.id,
        job_id=job.id,
        title="Notes",
        parameters={},
        cache_key="k",
        requested=1,
        shortfall_reasons={},
        coverage={},
        model="m",
        prompt_version="1",
    )
    session.add_all([page, chunk, event, question_set])
    session.flush()
    question = Question(
        id=uuid.uuid4(),
        question_set_id=question_set.id,
        chunk=1,
        position=1,
        type="true_false",
        stem="Water boils.",
        options=[],
        answer=True,
        rubric=[],
        explanation="It does.",
        option_feedback=[],
        difficulty="easy",
        bloom="remember",
        source_page=1,
        source_quote="Water boils.",
        source_start=0,
        source_end=12,
    )
    submission = Submission(
        id=uuid.uuid4(), user_id=user_id, question_set_id=question_set.id, status="completed"
    )
    session.add_all([question, submission])
    session.flush()
    answer = Answer(
        id=uuid.uuid4(),
        submission_id=submission.id,
        question_id=question.id,
        question_version=1,
        position=1,
        answer=True,
        max_score=1,
        flags=[],
    )
    chat = ChatSession(id=uuid.uuid4(), user_id=user_id, document_id=document.id, title="Notes")
    session.add_all([answer, chat])
    session.flush()
    grade = Grade(
        answer_id=answer.id,
        version=1,
        score=1,
        max_score=1,
        verdict="correct",
        feedback="Right.",
        criteria=[],
        source="rule",
        provenance={},
    )
    message = ChatMessage(
        session_id=chat.id,
        client_message_id="1",
        role="user",
        status="done",
        text="Does water boil?",
        citations=[],
    )
    appeal = Appeal(answer_id=answer.id, status="open", reason="It boils earlier up high.")
    session.add_all([grade, message, appeal])


def rows_of_all_tables(database: Database) -> dict[str, int]:
    with database.transaction() as session:
        counts = {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


@pytest.fixture
def ada(register: Register, database: Database) -> Any:
    learner = register()
    with database.transaction() as session:
        give_everything(session, uuid.UUID(learner.user["id"]))
    return learner


def test_the_export_holds_all_that_is_mine(ada: Any) -> None:
    answer = ada.get("/api/auth/me/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    export = answer.json()
    assert export["user"] == ada.user
    assert [document["filename"] for document in export["documents"]] == ["notes.pdf"]
    assert export["question_sets"][0]["questions"][0]["stem"] == "Water boils."
    given = export["submissions"][0]["answers"][0]
    assert (given["answer"], given["grades"][0]["feedback"]) == (True, "Right.")
    assert given["appeals"][0]["reason"] == "It boils earlier up high."
    assert export["chats"][0]["messages"][0]["text"] == "Does water boil?"
    assert export["jobs"][0]["status"] == "running"
    assert len(export["sessions"]) == 1


@pytest.mark.parametrize("status", ["grading", "failed"])
def test_the_export_explains_no_grade_before_the_submission_is_completed(
    ada: Any, database: Database, status: str
) -> None:
    with database.transaction() as session:
        session.execute(update(Submission).values(status=status))
    [grade] = ada.get("/api/auth/me/export").json()["submissions"][0]["answers"][0]["grades"]
    assert (grade["score"], grade["verdict"]) == (1, "correct")
    assert (grade["feedback"], grade["criteria"]) == (None, None)


def test_the_export_holds_no_secret_and_nothing_of_anybody_else(ada: Any, register: Any) -> None:
    grace = register()
    content = ada.get("/api/auth/me/export").text
    for hidden in ("password", "$2b$", "object_key", "token", grace.user["id"]):
        assert hidden not in content
    empty = grace.get("/api/auth/me/export").json()
    assert empty["documents"] == empty["submissions"] == empty["chats"] == empty["jobs"] == []


def age_of_documents(database: Database, **age: float) -> None:
    """Says of all documents when they were made."""
    with database.transaction() as session:
        session.execute(update(Document).values(created_at=datetime.now(UTC) - timedelta(**age)))


def test_erasing_me_leaves_nothing_of_me(
    ada: Any,
    register: Register,
    database: Database,
    storage: FakeObjectStorage,
    client: TestClient,
) -> None:
    storage.objects = dict.fromkeys((f"uploads/{ada.user['id']}/notes.pdf", "other"), b"%PDF-")
    age_of_documents(database, days=2)
    assert client.delete("/api/auth/me", headers=ada.headers).status_code == 204
    assert rows_of_all_tables(database) == {}
    assert set(storage.objects) == {"other"}
    assert ada.get("/api/auth/me").json()["code"] == "session_ended"
    assert ada.refresh().json()["code"] == "refresh_token_invalid"
    assert register(ada.email).user["id"] != ada.user["id"]


def test_erasing_me_leaves_others_alone(
    ada: Any,
    register: Register,
    database: Database,
    storage: FakeObjectStorage,
    client: TestClient,
) -> None:
    grace = register()
    with database.transaction() as session:
        give_everything(session, uuid.UUID(grace.user["id"]))
    age_of_documents(database, days=2)
    hers = f"uploads/{grace.user['id']}/notes.pdf"
    storage.objects[hers] = b"%PDF-"
    before = rows_of_all_tables(database)
    client.delete("/api/auth/me", headers=ada.headers)
    assert rows_of_all_tables(database) == {name: count // 2 for name, count in before.items()}
    assert set(storage.objects) == {hers}
    assert grace.get("/api/auth/me/export").json()["documents"]


def test_erasing_me_forgets_the_answers_kept_for_my_repeats(
    client: TestClient, database: Database
) -> None:
    body = {"email": "ada@example.com", "password": "a long password", "name": "Ada"}
    headers = {"Idempotency-Key": "registration-1"}
    client.post("/api/auth/register", json=body, headers=headers)
    del body["name"]
    token = client.post("/api/auth/login", json=body).json()["access_token"]
    client.delete("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert rows_of_all_tables(database) == {}


@pytest.mark.parametrize("failure", [StorageAway("SlowDown"), RuntimeError("killed")])
def test_what_fails_after_my_erasure_does_not_bring_me_back_and_my_files_go_later(
    ada: Any,
    database: Database,
    storage: FakeObjectStorage,
    object_sweep_in: Callable[..., ObjectSweep],
    failure: Exception,
) -> None:
    def fail() -> None:
        raise failure

    storage.objects = {f"uploads/{ada.user['id']}/notes.pdf": b"%PDF-"}
    age_of_documents(database, days=2)
    storage.meanwhile = fail
    assert ada.client.delete("/api/auth/me", headers=ada.headers).status_code == 204
    assert rows_of_all_tables(database) == {"object_deletions": 1}
    storage.meanwhile = lambda: None
    assert object_sweep_in(minutes=2).delete_objects() == 1
    assert (storage.objects, rows_of_all_tables(database)) == ({}, {})


def test_what_is_uploaded_with_a_form_that_outlived_me_goes_when_no_more_can_come(
    ada: Any,
    database: Database,
    storage: FakeObjectStorage,
    client: TestClient,
    object_sweep_in: Callable[..., ObjectSweep],
) -> None:
    """Also where nobody hears of the upload."""
    key = f"uploads/{ada.user['id']}/notes.pdf"
    assert client.delete("/api/auth/me", headers=ada.headers).status_code == 204
    storage.objects = {key: b"%PDF-"}
    assert object_sweep_in(hours=23).delete_objects() == 0
    assert object_sweep_in(hours=24, minutes=1).delete_objects() == 1
    assert (storage.objects, rows_of_all_tables(database)) == ({}, {})


def test_what_is_noted_of_me_is_where_my_files_lie_and_nothing_else(
    ada: Any, database: Database, storage: FakeObjectStorage, client: TestClient
) -> None:
    storage.outages = 1
    client.delete("/api/auth/me", headers=ada.headers)
    with database.transaction() as session:
        notes = session.scalars(select(ObjectDeletion)).all()
    assert {note.object_key for note in notes} == {f"uploads/{ada.user['id']}/notes.pdf"}
    assert set(ObjectDeletion.__table__.columns.keys()) == {
        "id",
        "object_key",
        "tries",
        "created_at",
        "due_at",
    }


def export_of_size(characters: int) -> PersonalExport:
    user = UserInfo(
        id=uuid.uuid4(), email="a@b.de", name="A", role="learner", created_at=datetime.now(UTC)
    )
    return PersonalExport(
        exported_at=datetime.now(UTC),
        user=user,
        sessions=[],
        documents=[],
        question_sets=[],
        submissions=[],
        chats=[{"text": "word " * (characters // 5)}],
        jobs=[],
    )


def test_a_large_export_is_compressed() -> None:
    answer = attachment(export_of_size(20_000_000), "gzip, br")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 4_300_000
    assert len(json.loads(gzip.decompress(answer.body))["chats"][0]["text"]) == 20_000_000


def test_an_export_that_no_answer_can_hold_is_refused_with_advice() -> None:
    with pytest.raises(PayloadTooLarge, match="Accept-Encoding") as refused:
        attachment(export_of_size(20_000_000), "identity")
    assert refused.value.code == "export_too_large"
