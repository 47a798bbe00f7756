"""Transcribing scans on real PostgreSQL and real PDFs: what is lost, refused or repeated."""

import asyncio
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update

from functions.documents.api import app
from functions.documents.pipeline import Ingestion, UploadDelivery
from functions.documents.prompts import TranscribedPage, TranscriptionReply
from functions.documents.reading.cutter import cut_pages
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.reader import read_document
from functions.documents.reading_store import ReadingStore
from functions.documents.transcription import Portions, Transcription
from functions.documents.transcription_store import TranscriptionStore
from functions.documents.wiring import get_transcription_start
from functions.jobs.retries import TranscriptionRetries
from shared.ai import (
    FilePart,
    ModelSaturated,
    ModelUnavailable,
    NoKeysConfigured,
    ReplyBlocked,
    ReplyTruncated,
)
from shared.database.engine import Database
from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.jobs import Job, JobChunk
from shared.jobs.ends import JobEnds
from shared.jobs.executions import Executions
from shared.jobs.model import JobKind
from shared.jobs.store import JobStore
from shared.jobs.transcriptions import ORDINAL, Transcriptions
from shared.jobs.worker import MOST_ATTEMPTS, ChunkMessage, ChunkWorker, Redeliver
from shared.storage.ports import DeletionNote
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.object_storage import FakeObjectStorage
from tests.fakes.queue import FakeChunkQueue
from tests.fakes.state_machine import FakeStateMachine

FILES = Path("tests/files/pdfs")
MIXED, SCAN = FILES / "mixed_text_and_scan.pdf", FILES / "scan_12pages.pdf"
LIMITS = ReadingLimits(requires_text=False)
DEADLINE = timedelta(minutes=15)

AddDocument = Callable[..., Document]


class Killed(BaseException):
    """Ends the process in the middle of its work."""


def _not_expected(files: Sequence[DeletionNote]) -> int:
    raise AssertionError(f"{len(files)} files of documents that are there")


def numbers_of(request: Any) -> list[int]:
    """The pages that a request names."""
    return list(request.parts[0].value["pages"])


def transcribes(request: Any) -> TranscriptionReply:
    return TranscriptionReply(
        pages=[
            TranscribedPage(page=number, text=f"The words of page {number}.")
            for number in numbers_of(request)
        ]
    )


def sees_nothing(request: Any) -> TranscriptionReply:
    return TranscriptionReply(
        pages=[TranscribedPage(page=number, text="") for number in numbers_of(request)]
    )


@dataclass
class Workshop:
    """All that reads a document, with fakes at the outer edge."""

    database: Database
    storage: FakeObjectStorage
    add_document: AddDocument
    model: FakeLanguageModel = field(default_factory=lambda: FakeLanguageModel(answer=transcribes))
    started: list[Job] = field(default_factory=list)
    queue: FakeChunkQueue = field(default_factory=FakeChunkQueue)
    announced: list[uuid.UUID] = field(default_factory=list)
    most_characters: int = 2_000_000

    def upload(self, file: Path, **values: Any) -> uuid.UUID:
        """A document that was read, and whose transcription is due."""
        document = self.add_document(**values)
        self.storage.objects[document.object_key] = file.read_bytes()
        self.ingestion().ingest(UploadDelivery(document.object_key, 1))
        return document.id

    def ingestion(self) -> Ingestion:
        """The reading of uploads whose documents are there."""
        return Ingestion(
            self._reading,
            self.storage,
            read_document,
            LIMITS,
            start=self.started.append,
            remove=_not_expected,
        )

    @contextmanager
    def _reading(self) -> Iterator[ReadingStore]:
        with self.database.transaction() as session:
            yield ReadingStore(session, Transcriptions(session, DEADLINE))

    @contextmanager
    def _store(self) -> Iterator[TranscriptionStore]:
        with self.database.transaction() as session:
            yield TranscriptionStore(session, self.most_characters)

    @contextmanager
    def _jobs(self) -> Iterator[JobStore]:
        with self.database.transaction() as session:
            yield JobStore(session)

    @contextmanager
    def transcriptions(self) -> Iterator[Transcriptions]:
        with self.database.transaction() as session:
            yield Transcriptions(session, DEADLINE)

    def work(self, job: Job | None = None) -> None:
        """One delivery of a transcription's message."""
        job_id = (job or self.started[-1]).id
        ends = JobEnds(self._jobs, self.announced.append)
        worker = ChunkWorker(self._jobs, self.queue, ends, self.announced.append)
        transcription = Transcription(
            self._store,
            storage=self.storage,
            cut=cut_pages,
            model=lambda: self.model,
            announce=self.announced.append,
            limits=LIMITS,
            portions=Portions(pages=4, bytes=10_000_000, requests=2),
        )
        message = ChunkMessage(job_id, ORDINAL, str(job_id), "receipt")
        asyncio.run(worker.handle(message, transcription.transcribe, 60))

    def document(self, document_id: uuid.UUID) -> Document:
        with self.database.transaction() as session:
            return session.get_one(Document, document_id)

    def pages(self, document_id: uuid.UUID) -> list[DocumentPage]:
        query = select(DocumentPage).where(DocumentPage.document_id == document_id)
        with self.database.transaction() as session:
            return list(session.scalars(query.order_by(DocumentPage.number)))

    def job(self) -> Job:
        with self.database.transaction() as session:
            return session.get_one(Job, self.started[-1].id)


@pytest.fixture
def workshop(database: Database, storage: FakeObjectStorage, add_document: AddDocument) -> Workshop:
    return Workshop(database, storage, add_document)


def test_only_unread_pages_are_sent_and_their_text_is_marked(workshop: Workshop) -> None:
    document_id = workshop.upload(MIXED)
    before = workshop.document(document_id)
    assert (before.status, before.ocr_status) == ("ready", "transcribing")
    unread = [page.number for page in workshop.pages(document_id) if page.text_source is None]

    workshop.work()

    sent = sorted(one for request in workshop.model.requests for one in numbers_of(request))
    assert sent == unread
    assert 0 < len(unread) < len(workshop.pages(document_id))
    for page in workshop.pages(document_id):
        if page.number in unread:
            assert page.text_source == "transcription"
            assert page.text == f"The words of page {page.number}."
        else:
            assert page.text_source == "text_layer"
    after = workshop.document(document_id)
    assert (after.status, after.ocr_status) == ("ready", "done")
    assert after.character_count == sum(page.characters for page in workshop.pages(document_id))
    assert after.transcript_digest != before.transcript_digest
    assert workshop.job().status == "completed"


def test_each_page_goes_as_a_small_pdf_of_its_own(workshop: Workshop) -> None:
    workshop.upload(SCAN)
    workshop.work()
    files = [
        part
        for request in workshop.model.requests
        for part in request.parts
        if isinstance(part, FilePart)
    ]
    assert len(files) == 12
    for part in files:
        assert part.mime_type == "application/pdf"
        assert len(re.findall(rb"/Type\s*/Page\b", part.content)) == 1
        assert len(part.content) < SCAN.stat().st_size / 2


def test_a_scan_is_processed_until_it_is_transcribed(workshop: Workshop) -> None:
    document_id = workshop.upload(SCAN)
    assert workshop.document(document_id).status == "processing"
    workshop.work()
    document = workshop.document(document_id)
    assert (document.status, document.ocr_status) == ("ready", "done")
    assert len(workshop.model.requests) == 3


def test_a_second_delivery_of_the_upload_leaves_a_scan_alone(workshop: Workshop) -> None:
    document_id = workshop.upload(SCAN)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    with workshop.database.transaction() as session:
        session.execute(update(Document).values(processing_started_at=long_ago))
        key = session.get_one(Document, document_id).object_key
    workshop.ingestion().ingest(UploadDelivery(key, 2))
    assert len(workshop.started) == 1
    assert workshop.storage.downloads == 1


def test_a_reply_that_is_cut_off_is_asked_for_in_halves(workshop: Workshop) -> None:
    def short(request: Any) -> Any:
        return ReplyTruncated() if len(numbers_of(request)) > 1 else transcribes(request)

    workshop.model = FakeLanguageModel(answer=short)
    document_id = workshop.upload(SCAN)
    workshop.work()
    assert all(page.text_source == "transcription" for page in workshop.pages(document_id))
    assert workshop.document(document_id).ocr_status == "done"


def test_a_page_that_is_refused_even_alone_is_left_with_the_reason(workshop: Workshop) -> None:
    def refuse(request: Any) -> Any:
        return ReplyBlocked("RECITATION") if 5 in numbers_of(request) else transcribes(request)

    workshop.model = FakeLanguageModel(answer=refuse)
    document_id = workshop.upload(SCAN)
    workshop.work()
    errors = {page.number: page.transcription_error for page in workshop.pages(document_id)}
    assert {number for number, error in errors.items() if error} == {5}
    document = workshop.document(document_id)
    assert (document.status, document.ocr_status) == ("ready", "needs_ocr")
    assert document.ocr_error_code == "reply_blocked"
    assert document.ocr_retry_at is None


def test_pages_that_a_reply_leaves_out_are_asked_for_again(workshop: Workshop) -> None:
    def forgetful(request: Any) -> Any:
        return TranscriptionReply(pages=transcribes(request).pages[:1])

    workshop.model = FakeLanguageModel(answer=forgetful)
    document_id = workshop.upload(SCAN)
    workshop.work()
    assert all(page.has_text for page in workshop.pages(document_id))
    assert len(workshop.model.requests) == 12


def test_more_text_than_a_document_may_have_is_not_stored(workshop: Workshop) -> None:
    workshop.most_characters = 50
    document_id = workshop.upload(SCAN)
    workshop.work()
    document = workshop.document(document_id)
    assert document.character_count is not None
    assert 0 < document.character_count <= 50
    assert document.ocr_error_code == "too_much_text"


def saturated(**span: float) -> ModelSaturated:
    return ModelSaturated(datetime.now(UTC) + timedelta(**span), "requests per minute")


def test_without_quota_the_message_waits_and_nothing_that_was_read_is_lost(
    workshop: Workshop,
) -> None:
    workshop.model = FakeLanguageModel([transcribes, saturated(seconds=20)], answer=transcribes)
    document_id = workshop.upload(SCAN)
    with pytest.raises(Redeliver):
        workshop.work()
    assert workshop.queue.hidden[-1][1] in range(18, 23)
    assert workshop.job().status == "waiting"
    assert workshop.document(document_id).status == "processing"
    read = [page.number for page in workshop.pages(document_id) if page.has_text]
    assert len(read) == 4

    workshop.model.requests.clear()
    workshop.work()
    asked = {number for request in workshop.model.requests for number in numbers_of(request)}
    assert asked == set(range(1, 13)) - set(read)
    assert workshop.document(document_id).status == "ready"


def test_a_wait_for_quota_costs_no_attempt_where_another_request_failed(
    workshop: Workshop,
) -> None:
    failed = ModelUnavailable("overloaded", retry_after=1.0)
    document_id = workshop.upload(SCAN)
    for _ in range(MOST_ATTEMPTS + 1):
        workshop.model = FakeLanguageModel([failed], answer=saturated(seconds=20))
        with pytest.raises(Redeliver):
            workshop.work()
    assert workshop.job().status == "waiting"
    assert workshop.document(document_id).status == "processing"


@pytest.mark.parametrize(
    ("error", "code"),
    [(saturated(days=1), "quota_exhausted"), (NoKeysConfigured(), "no_model_keys")],
)
@pytest.mark.parametrize("file", [MIXED, SCAN], ids=["mixed", "scan"])
def test_without_hope_before_the_deadline_the_document_needs_ocr_and_is_retried(
    workshop: Workshop, error: Exception, code: str, file: Path
) -> None:
    workshop.model = FakeLanguageModel(answer=error)
    document_id = workshop.upload(file)
    workshop.work()
    document = workshop.document(document_id)
    assert (document.status, document.ocr_status) == ("ready", "needs_ocr")
    assert document.ocr_error_code == code

    with workshop.database.transaction() as session:
        session.execute(update(Document).values(ocr_retry_at=datetime.now(UTC)))
    machine = FakeStateMachine()
    executions = Executions({JobKind.TRANSCRIPTION: machine})
    retries = TranscriptionRetries(workshop.transcriptions, executions, enabled=True)
    assert retries.retry_transcriptions() == 1
    assert retries.retry_transcriptions() == 0
    (job_id,) = machine.started
    workshop.model = FakeLanguageModel(answer=transcribes)
    with workshop.database.transaction() as session:
        job = session.get_one(Job, job_id)
    workshop.work(job)
    document = workshop.document(document_id)
    assert (document.status, document.ocr_status, document.error_code) == ("ready", "done", None)


def test_an_unread_scan_says_so_to_its_owner(workshop: Workshop, client: TestClient) -> None:
    workshop.model = FakeLanguageModel(answer=saturated(days=1))
    document_id = workshop.upload(SCAN)
    workshop.work()

    seen = client.get(f"/api/documents/{document_id}").json()

    assert (seen["status"], seen["error"]) == ("ready", None)
    assert seen["ocr"]["status"] == "needs_ocr"
    assert seen["ocr"]["error_code"] == "quota_exhausted"
    assert seen["ocr"]["message"]
    assert seen["ocr"]["retry_at"]
    assert not any(page["has_text"] for page in seen["pages"])


def test_a_scan_that_is_tried_again_in_vain_needs_ocr_still(
    workshop: Workshop, client: TestClient
) -> None:
    workshop.model = FakeLanguageModel(answer=saturated(days=1))
    document_id = workshop.upload(SCAN)
    workshop.work()
    app.dependency_overrides[get_transcription_start] = lambda: workshop.started.append
    again = client.post(f"/api/documents/{document_id}/transcription").json()
    assert (again["status"], again["ocr"]["status"]) == ("ready", "transcribing")

    workshop.work()

    document = workshop.document(document_id)
    assert (document.status, document.ocr_status) == ("ready", "needs_ocr")


def test_an_unread_scan_is_transcribed_for_whoever_uploads_it_again(
    workshop: Workshop, add_user: Callable[[], uuid.UUID]
) -> None:
    workshop.model = FakeLanguageModel(answer=saturated(days=1))
    first = workshop.upload(SCAN)
    workshop.work()
    workshop.model = FakeLanguageModel(answer=transcribes)

    copy = workshop.upload(SCAN, user_id=add_user())

    assert workshop.document(copy).status == "processing"
    workshop.work()
    assert workshop.document(copy).ocr_status == "done"
    assert workshop.document(first).ocr_status == "needs_ocr"


def test_a_scan_with_nothing_on_its_pages_is_rejected_even_at_a_later_try(
    workshop: Workshop, client: TestClient
) -> None:
    workshop.model = FakeLanguageModel(answer=saturated(days=1))
    document_id = workshop.upload(SCAN)
    workshop.work()
    app.dependency_overrides[get_transcription_start] = lambda: workshop.started.append
    client.post(f"/api/documents/{document_id}/transcription")

    workshop.model = FakeLanguageModel(answer=sees_nothing)
    workshop.work()

    document = workshop.document(document_id)
    assert (document.status, document.error_code) == ("rejected", "no_text_layer")


def test_a_worker_that_was_killed_is_followed_by_another_that_asks_for_the_rest(
    workshop: Workshop,
) -> None:
    def die(request: Any) -> Any:
        raise Killed

    workshop.model = FakeLanguageModel([transcribes], answer=die)
    document_id = workshop.upload(SCAN)
    with pytest.raises(Killed):
        workshop.work()
    read = {page.number for page in workshop.pages(document_id) if page.has_text}
    with workshop.database.transaction() as session:
        session.execute(update(JobChunk).values(lease_until=datetime.now(UTC)))
    workshop.model = FakeLanguageModel(answer=transcribes)
    workshop.work()
    asked = [number for request in workshop.model.requests for number in numbers_of(request)]
    assert sorted(asked) == sorted(set(range(1, 13)) - read)
    assert workshop.document(document_id).status == "ready"
    workshop.model.requests.clear()
    workshop.work()
    assert workshop.model.requests == []


def test_the_transcription_of_a_deleted_document_ends(workshop: Workshop) -> None:
    document_id = workshop.upload(SCAN)
    with workshop.database.transaction() as session:
        session.execute(delete(Document).where(Document.id == document_id))
    workshop.work()
    assert workshop.job().status == "failed"
    assert workshop.model.requests == []


def test_a_job_past_its_deadline_leaves_what_was_read(workshop: Workshop) -> None:
    document_id = workshop.upload(MIXED)
    with workshop.database.transaction() as session:
        session.execute(update(Job).values(deadline_at=datetime.now(UTC)))
    workshop.work()
    document = workshop.document(document_id)
    assert (document.status, document.ocr_status) == ("ready", "needs_ocr")
    assert document.ocr_error_code == "deadline_exceeded"
    assert document.ocr_retry_at is not None


def test_the_same_file_is_transcribed_once_for_all_users(
    workshop: Workshop, add_user: Callable[[], uuid.UUID]
) -> None:
    first = workshop.upload(SCAN)
    workshop.work()
    workshop.model.requests.clear()
    copy = workshop.upload(SCAN, user_id=add_user())
    assert len(workshop.started) == 1
    one, other = workshop.document(first), workshop.document(copy)
    assert (other.status, other.ocr_status) == ("ready", "done")
    assert other.transcript_digest == one.transcript_digest
    assert {page.text_source for page in workshop.pages(copy)} == {"transcription"}


def test_an_unfinished_transcription_is_finished_in_each_copy(workshop: Workshop) -> None:
    workshop.upload(MIXED)
    copy = workshop.upload(MIXED)
    assert len(workshop.started) == 2
    workshop.work()
    assert workshop.document(copy).ocr_status == "done"


def test_the_owner_asks_again(workshop: Workshop, client: TestClient) -> None:
    workshop.model = FakeLanguageModel(answer=NoKeysConfigured())
    document_id = workshop.upload(MIXED)
    workshop.work()
    app.dependency_overrides[get_transcription_start] = lambda: workshop.started.append
    path = f"/api/documents/{document_id}/transcription"

    first, second = client.post(path), client.post(path)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["ocr"]["status"] == "transcribing"
    assert first.json()["ocr"]["job_id"] == second.json()["ocr"]["job_id"]
    assert len(workshop.started) == 2
    workshop.model = FakeLanguageModel(answer=transcribes)
    workshop.work()
    again = client.post(path)
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_transcribe")


def test_another_users_document_is_not_transcribed(
    workshop: Workshop, client: TestClient, add_user: Callable[[], uuid.UUID]
) -> None:
    theirs = workshop.upload(SCAN, user_id=add_user())
    answer = client.post(f"/api/documents/{theirs}/transcription")
    assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")
