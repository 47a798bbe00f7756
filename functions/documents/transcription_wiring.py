"""Joins the transcription of scans to the queue, the model, PostgreSQL and object storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from functions.documents.reading.cutter import cut_pages
from functions.documents.transcription import Portions, Transcription
from functions.documents.transcription_store import TranscriptionStore
from functions.documents.wiring import get_storage, reading_limits
from shared.config import get_settings
from shared.database.engine import get_database
from shared.jobs.ends import JobEnds
from shared.jobs.queue import SqsChunkQueue
from shared.jobs.wiring import announce, language_model, open_jobs
from shared.jobs.worker import ChunkWorker


@lru_cache
def get_worker() -> ChunkWorker:
    """The worker on the transcription queue."""
    queue = SqsChunkQueue(get_settings().transcription_queue_url)
    return ChunkWorker(open_jobs, queue, JobEnds(open_jobs, announce), announce)


@lru_cache
def get_transcription() -> Transcription:
    """The transcription of this process."""
    settings = get_settings()
    portions = Portions(
        pages=settings.transcription_pages_per_request,
        bytes=settings.transcription_request_bytes,
        requests=settings.transcription_requests_at_once,
    )
    return Transcription(
        _open_store,
        storage=get_storage(),
        cut=cut_pages,
        model=language_model,
        announce=announce,
        limits=reading_limits(),
        portions=portions,
    )


@contextmanager
def _open_store() -> Iterator[TranscriptionStore]:
    with get_database().transaction() as session:
        yield TranscriptionStore(session, get_settings().document_limits().characters)
