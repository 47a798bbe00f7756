"""Joins the documents service to PostgreSQL, object storage and the reader."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from functions.documents.pipeline import Ingestion
from functions.documents.ports import ObjectStorage
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.reader import read_document
from functions.documents.reading_store import ReadingStore
from functions.documents.uploads import S3Uploads
from shared.config import get_settings
from shared.database.engine import get_database


@lru_cache
def get_storage() -> ObjectStorage:
    """The bucket of uploads."""
    settings = get_settings()
    return S3Uploads(settings.documents_bucket, settings.upload_url_seconds)


@lru_cache
def get_ingestion() -> Ingestion:
    """The reading of uploads in this process."""
    limits = get_settings().document_limits()
    bounds = ReadingLimits(
        file_bytes=limits.bytes, pages=limits.pages, characters=limits.characters
    )
    return Ingestion(_open_store, get_storage(), read_document, bounds)


def check_storage() -> None:
    """Raise if object storage doesn't answer."""
    get_storage().check()


@contextmanager
def _open_store() -> Iterator[ReadingStore]:
    with get_database().transaction() as session:
        yield ReadingStore(session)
