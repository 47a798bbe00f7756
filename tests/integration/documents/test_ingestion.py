"""Reading uploads: what each delivery of S3's notification leads to."""

import hashlib
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from functions.documents.pipeline import READER_VERSION, ComeAgain, Ingestion, UploadDelivery
from functions.documents.reading.document import OutlineEntry, ReadDocument, ReadPage
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.rejections import Encrypted
from functions.documents.reading_store import ReadingStore
from functions.jobs.object_sweep import ObjectSweep
from shared.database.engine import Database
from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.jobs import Job
from shared.jobs.transcriptions import Transcriptions
from shared.storage.removal import ObjectRemoval
from tests.fakes.object_storage import FakeObjectStorage

AddDocument = Callable[..., Document]
LIMITS = ReadingLimits(file_bytes=1000)


class FakeReader:
    """Says that each file has two pages; `failures` are raised before that, one a call."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.calls = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(self, path: Path, limits: ReadingLimits) -> ReadDocument:
        self.calls += 1
        content = path.read_bytes()
        self.meanwhile()
        if self.failures:
            raise self.failures.pop(0)
        return ReadDocument(
            sha256=hashlib.sha256(content).hexdigest(),
            title="A lecture",
            language="en",
            pages=(
                ReadPage(1, "i", f"Page one of {content!r}", has_text=True),
                ReadPage(2, None, "", has_text=False),
            ),
            outline=(OutlineEntry("The beginning", 1, 1),),
        )


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def started() -> list[Job]:
    return []


@pytest.fixture
def ingestion(
    database: Database,
    storage: FakeObjectStorage,
    reader: FakeReader,
    started: list[Job],
    removal: ObjectRemoval,
) -> Ingestion:
    @contextmanager
    def open_store() -> Iterator[ReadingStore]:
        with database.transaction() as session:
            yield ReadingStore(session, Transcriptions(session, timedelta(minutes=15)))

    return Ingestion(
        open_store, storage, reader, LIMITS, start=started.append, remove=removal.remove
    )


@pytest.fixture
def upload(add_document: AddDocument, storage: FakeObjectStorage) -> AddDocument:
    def add(**values: Any) -> Document:
        document = add_document(**values)
        storage.objects[document.object_key] = b"%PDF-1.7"
        return document

    return add


@pytest.fixture
def uploaded(upload: AddDocument) -> Document:
    return upload()


def news(document: Document, receive_count: int = 1) -> UploadDelivery:
    return UploadDelivery(document.object_key, receive_count)


def reload(database: Database, document: Document) -> Document:
    with database.transaction() as session:
        return session.get_one(Document, document.id)


def pages_of(database: Database, document: Document) -> list[DocumentPage]:
    with database.transaction() as session:
        query = select(DocumentPage).where(DocumentPage.document_id == document.id)
        return list(session.scalars(query.order_by(DocumentPage.number)))


def test_an_upload_becomes_a_ready_document_with_pages(
    database: Database, ingestion: Ingestion, uploaded: Document
) -> None:
    ingestion.ingest(news(uploaded))
    document = reload(database, uploaded)
    assert document.status == "ready"
    assert document.sha256 == hashlib.sha256(b"%PDF-1.7").hexdigest()
    assert document.size_bytes == len(b"%PDF-1.7")
    assert (document.title, document.language) == ("A lecture", "en")
    assert document.page_count == 2
    assert document.reader_version == READER_VERSION
    assert document.outline == [{"title": "The beginning", "page": 1, "level": 1}]
    pages = pages_of(database, uploaded)
    assert [(page.number, page.label, page.has_text) for page in pages] == [
        (1, "i", True),
        (2, None, False),
    ]
    assert document.character_count == sum(page.characters for page in pages)


def test_a_second_delivery_of_the_same_upload_changes_nothing(
    database: Database,
    ingestion: Ingestion,
    uploaded: Document,
    storage: FakeObjectStorage,
    reader: FakeReader,
) -> None:
    ingestion.ingest(news(uploaded))
    storage.objects[uploaded.object_key] = b"%PDF-1.7 something else"
    ingestion.ingest(news(uploaded))
    assert reader.calls == storage.downloads == 1
    assert reload(database, uploaded).sha256 == hashlib.sha256(b"%PDF-1.7").hexdigest()


def test_a_file_that_cant_be_read_is_rejected_for_good(
    database: Database, ingestion: Ingestion, uploaded: Document, reader: FakeReader
) -> None:
    reader.failures = [Encrypted(LIMITS)]
    ingestion.ingest(news(uploaded))
    document = reload(database, uploaded)
    assert (document.status, document.error_code) == ("rejected", "encrypted")
    assert document.error_message
    ingestion.ingest(news(uploaded))
    assert reader.calls == 1


def test_a_file_over_the_limit_is_rejected_without_reading_it(
    database: Database,
    ingestion: Ingestion,
    uploaded: Document,
    storage: FakeObjectStorage,
    reader: FakeReader,
) -> None:
    storage.objects[uploaded.object_key] = b"x" * 1001
    ingestion.ingest(news(uploaded))
    assert reload(database, uploaded).error_code == "too_large"
    assert reader.calls == 0


def test_an_outage_sends_the_news_back_and_the_next_delivery_reads(
    database: Database, ingestion: Ingestion, uploaded: Document, storage: FakeObjectStorage
) -> None:
    storage.outages = 1
    with pytest.raises(ComeAgain) as later:
        ingestion.ingest(news(uploaded))
    assert 1 <= later.value.seconds <= 3
    assert reload(database, uploaded).status == "processing"
    ingestion.ingest(news(uploaded, 2))
    assert reload(database, uploaded).status == "ready"


def test_delays_grow_from_delivery_to_delivery(
    ingestion: Ingestion, uploaded: Document, reader: FakeReader
) -> None:
    delays = []
    for count in range(1, 5):
        reader.failures = [RuntimeError("lost")]
        with pytest.raises(ComeAgain) as later:
            ingestion.ingest(news(uploaded, count))
        delays.append(later.value.seconds)
    assert delays == sorted(delays)
    assert sum(delays) <= 40


def test_the_last_delivery_that_fails_rejects_the_document(
    database: Database, ingestion: Ingestion, uploaded: Document, reader: FakeReader
) -> None:
    reader.failures = [RuntimeError("lost")]
    ingestion.ingest(news(uploaded, 5))
    document = reload(database, uploaded)
    assert (document.status, document.error_code) == ("rejected", "reading_failed")
    assert "lost" not in str(document.error_message)


def test_a_document_whose_workers_all_died_is_rejected_unread(
    database: Database, ingestion: Ingestion, uploaded: Document, reader: FakeReader
) -> None:
    ingestion.ingest(news(uploaded, 6))
    assert reload(database, uploaded).error_code == "reading_failed"
    assert reader.calls == 0


def test_while_another_worker_reads_the_news_waits_until_it_would_be_lost(
    ingestion: Ingestion, add_document: AddDocument
) -> None:
    started = datetime.now(UTC) - timedelta(seconds=30)
    document = add_document(status="processing", processing_started_at=started)
    with pytest.raises(ComeAgain) as later:
        ingestion.ingest(news(document))
    assert 59 <= later.value.seconds <= 62


def test_the_work_of_a_lost_worker_is_taken_over(
    database: Database,
    ingestion: Ingestion,
    add_document: AddDocument,
    storage: FakeObjectStorage,
) -> None:
    started = datetime.now(UTC) - timedelta(seconds=91)
    document = add_document(status="processing", processing_started_at=started)
    storage.objects[document.object_key] = b"%PDF-1.7"
    ingestion.ingest(news(document))
    assert reload(database, document).status == "ready"


def test_what_a_worker_reads_after_losing_its_claim_is_dropped(
    database: Database, ingestion: Ingestion, uploaded: Document, reader: FakeReader
) -> None:
    def take_over() -> None:
        with database.transaction() as session:
            session.execute(update(Document).values(processing_started_at=datetime.now(UTC)))

    reader.meanwhile = take_over
    ingestion.ingest(news(uploaded))
    assert reload(database, uploaded).status == "processing"
    assert pages_of(database, uploaded) == []


@pytest.mark.parametrize("failure", [None, RuntimeError("lost"), Encrypted(LIMITS)])
def test_a_document_deleted_while_it_is_read_is_dropped(
    database: Database,
    ingestion: Ingestion,
    uploaded: Document,
    reader: FakeReader,
    failure: Exception | None,
) -> None:
    def remove() -> None:
        with database.transaction() as session:
            session.execute(delete(Document))

    reader.meanwhile = remove
    reader.failures = [failure] if failure else []
    ingestion.ingest(news(uploaded))
    assert pages_of(database, uploaded) == []


def test_an_upload_whose_document_was_deleted_is_removed(
    ingestion: Ingestion, storage: FakeObjectStorage
) -> None:
    key = f"uploads/{uuid.uuid4()}/{uuid.uuid4()}.pdf"
    storage.objects[key] = b"%PDF-1.7"
    ingestion.ingest(UploadDelivery(key, 1))
    assert storage.objects == {}


def test_an_upload_without_a_document_that_can_not_be_removed_goes_later(
    ingestion: Ingestion,
    storage: FakeObjectStorage,
    object_sweep_in: Callable[..., ObjectSweep],
) -> None:
    """The news need not come again, and so end among the dead letters."""
    key = f"uploads/{uuid.uuid4()}/{uuid.uuid4()}.pdf"
    storage.objects[key] = b"%PDF-1.7"
    storage.outages = 1
    ingestion.ingest(UploadDelivery(key, 1))
    assert set(storage.objects) == {key}
    assert object_sweep_in(minutes=2).delete_objects() == 1
    assert storage.objects == {}


def test_objects_that_are_no_uploads_are_left_alone(
    ingestion: Ingestion, storage: FakeObjectStorage
) -> None:
    storage.objects["uploads/notes.txt"] = b"keep"
    ingestion.ingest(UploadDelivery("uploads/notes.txt", 1))
    assert "uploads/notes.txt" in storage.objects


def test_the_same_bytes_are_read_once_for_all_users(
    database: Database,
    ingestion: Ingestion,
    upload: AddDocument,
    add_user: Callable[[], uuid.UUID],
    reader: FakeReader,
) -> None:
    first, copy = upload(), upload(user_id=add_user())
    ingestion.ingest(news(first))
    ingestion.ingest(news(copy))
    assert reader.calls == 1
    document = reload(database, copy)
    assert (document.status, document.title, document.page_count) == ("ready", "A lecture", 2)
    assert document.outline == [{"title": "The beginning", "page": 1, "level": 1}]
    assert [page.text for page in pages_of(database, copy)] == [
        page.text for page in pages_of(database, first)
    ]


def test_a_reading_of_an_older_reader_is_not_copied(
    database: Database, ingestion: Ingestion, upload: AddDocument, reader: FakeReader
) -> None:
    first, copy = upload(), upload()
    ingestion.ingest(news(first))
    with database.transaction() as session:
        session.execute(update(Document).values(reader_version=READER_VERSION - 1))
    ingestion.ingest(news(copy))
    assert reader.calls == 2


def test_no_file_is_left_on_disk(
    ingestion: Ingestion,
    uploaded: Document,
    reader: FakeReader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    reader.failures = [RuntimeError("lost"), Encrypted(LIMITS)]
    with pytest.raises(ComeAgain):
        ingestion.ingest(news(uploaded))
    ingestion.ingest(news(uploaded, 2))
    assert list(tmp_path.iterdir()) == []
