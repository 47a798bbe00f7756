"""Joins the documents service to PostgreSQL, object storage and the reader."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from functions.documents.pipeline import Ingestion
from functions.documents.ports import ObjectStorage, StartJob
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.reader import read_document
from functions.documents.reading_store import ReadingStore
from functions.documents.uploads import S3Uploads
from shared.config import get_settings
from shared.database.engine import get_database
from shared.database.tables.jobs import Job
from shared.jobs.transcriptions import ORDINAL, Transcriptions
from shared.jobs.wiring import get_executions
from shared.storage.wiring import get_object_removal


@lru_cache
def get_storage() -> ObjectStorage:
    """The bucket of uploads."""
    settings = get_settings()
    return S3Uploads(settings.documents_bucket, settings.upload_url_seconds)


@lru_cache
def get_ingestion() -> Ingestion:
    """The reading of uploads in this process."""
    return Ingestion(
        _open_store,
        get_storage(),
        read_document,
        reading_limits(),
        start=start_transcription,
        remove=get_object_removal().remove,
    )


def reading_limits() -> ReadingLimits:
    """What the reader may use; without transcription a document must have text of its own."""
    settings = get_settings()
    limits = settings.document_limits()
    return ReadingLimits(
        file_bytes=limits.bytes,
        pages=limits.pages,
        characters=limits.characters,
        requires_text=not settings.transcribe_scans,
    )


def get_transcription_start() -> StartJob:
    """What sends a transcription to its workers."""
    return start_transcription


def get_transcriptions(session: Session) -> Transcriptions | None:
    """The transcriptions that can be begun; None where an operator has turned them off."""
    settings = get_settings()
    if not settings.transcribe_scans:
        return None
    return Transcriptions(session, timedelta(seconds=settings.transcription_deadline_seconds))


def check_storage() -> None:
    """Raise if object storage doesn't answer."""
    get_storage().check()


@contextmanager
def _open_store() -> Iterator[ReadingStore]:
    with get_database().transaction() as session:
        yield ReadingStore(session, get_transcriptions(session))


def start_transcription(job: Job) -> None:
    """Send the job to the workers."""
    get_executions().start(job, [ORDINAL])
