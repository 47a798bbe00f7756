"""Reading an upload: claim the document, fetch the file, read it, store what it says.

Every step may be repeated: a second delivery of the same upload finds the document settled or
claimed, and results of a lost claim are dropped.
"""

import random
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from functions.documents.ports import (
    DownloadedObject,
    ObjectStorage,
    ObjectTooLarge,
    RemoveObjects,
    StartJob,
)
from functions.documents.reading.document import ReadDocument
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.rejections import DocumentRejected, TooLarge
from functions.documents.reading_store import Busy, Claim, ClaimLost, Gone, ReadingStore
from functions.documents.rules import is_object_key
from shared.database.tables.jobs import Job
from shared.observability import get_logger

# Raise it when the reader makes other text of the same file: earlier readings aren't copied then.
READER_VERSION = 2
MOST_DELIVERIES = 5

Read = Callable[[Path, ReadingLimits], ReadDocument]
OpenStore = Callable[[], AbstractContextManager[ReadingStore]]


@dataclass(frozen=True)
class UploadDelivery:
    """News of an upload; `receive_count` says how often it came, from 1."""

    object_key: str
    receive_count: int


class ComeAgain(Exception):
    """The news must be delivered again, in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"in {seconds} s")
        self.seconds = seconds


class Ingestion:
    """Reads uploads, one at a time."""

    def __init__(
        self,
        open_store: OpenStore,
        storage: ObjectStorage,
        read: Read,
        limits: ReadingLimits,
        *,
        start: StartJob,
        remove: RemoveObjects,
    ) -> None:
        self._open_store = open_store
        self._storage = storage
        self._read = read
        self._limits = limits
        self._start = start
        self._remove = remove

    def ingest(self, delivery: UploadDelivery) -> None:
        """See one upload to its end. Raises ComeAgain if that is not now."""
        if not is_object_key(delivery.object_key):
            get_logger().warning("not an upload of ours")
            return
        with self._open_store() as store:
            claim = store.claim(delivery.object_key)
        match claim:
            case Claim():
                self._process(delivery, claim)
            case Busy(until=until):
                raise ComeAgain(_seconds_until(until))
            case Gone(files=files):
                self._remove(files)
                get_logger().info("upload without a document")
            case _:
                get_logger().info("upload was read before")

    def _process(self, delivery: UploadDelivery, claim: Claim) -> None:
        try:
            # A worker that dies with each attempt never gets to count its failures below.
            if delivery.receive_count > MOST_DELIVERIES:
                self._give_up(claim)
            else:
                self._fetch_and_read(delivery.object_key, claim)
        except ClaimLost:
            get_logger().info("claim lost", extra={"document_id": str(claim.document_id)})
        except Exception:
            get_logger().exception("reading failed", extra={"document_id": str(claim.document_id)})
            self._try_again_or_give_up(delivery, claim)

    def _fetch_and_read(self, object_key: str, claim: Claim) -> None:
        found: DownloadedObject | None = None
        with tempfile.TemporaryDirectory(prefix="upload-") as folder:
            path = Path(folder) / "document.pdf"
            try:
                found = self._download(object_key, path)
                if not self._copy(claim, found):
                    self._store(claim, self._read(path, self._limits), found)
            except DocumentRejected as rejection:
                self._reject(claim, rejection.code, rejection.message, found)

    def _download(self, object_key: str, path: Path) -> DownloadedObject:
        try:
            return self._storage.download(object_key, path, self._limits.file_bytes)
        except ObjectTooLarge:
            raise TooLarge(self._limits) from None

    def _copy(self, claim: Claim, found: DownloadedObject) -> bool:
        with self._open_store() as store:
            if not store.copy_earlier_reading(claim, found, READER_VERSION):
                return False
            job = store.begin_transcription(claim)
        _log("document copied", claim)
        self._start_transcription(job)
        return True

    def _store(self, claim: Claim, reading: ReadDocument, found: DownloadedObject) -> None:
        with self._open_store() as store:
            store.finish(claim, reading, found, READER_VERSION)
            job = store.begin_transcription(claim)
        _log("document read", claim, pages=reading.page_count, bytes=found.size_bytes)
        self._start_transcription(job)

    def _start_transcription(self, job: Job | None) -> None:
        """Where this fails, or is never come to, the sweep starts the job."""
        if job is None:
            return
        try:
            self._start(job)
        except Exception:
            get_logger().exception("a transcription was not started", extra={"job": str(job.id)})

    def _reject(
        self, claim: Claim, code: str, message: str, found: DownloadedObject | None
    ) -> None:
        with self._open_store() as store:
            store.reject(claim, code, message, found)
        _log("document rejected", claim, code=code)

    def _try_again_or_give_up(self, delivery: UploadDelivery, claim: Claim) -> None:
        try:
            if delivery.receive_count >= MOST_DELIVERIES:
                self._give_up(claim)
                return
            with self._open_store() as store:
                store.release(claim)
        except ClaimLost:
            return
        raise ComeAgain(_backoff_seconds(delivery.receive_count))

    def _give_up(self, claim: Claim) -> None:
        message = "The document could not be read because of a fault on our side. Upload it again."
        self._reject(claim, "reading_failed", message, None)


def _log(event: str, claim: Claim, **details: object) -> None:
    seconds = (datetime.now(UTC) - claim.started_at).total_seconds()
    known = {"document_id": str(claim.document_id), "seconds": round(seconds, 3)}
    get_logger().info(event, extra={**known, **details})


def _seconds_until(moment: datetime) -> int:
    return max(1, round((moment - datetime.now(UTC)).total_seconds()) + 1)


def _backoff_seconds(receive_count: int) -> int:
    jitter = random.uniform(0.75, 1.25)  # noqa: S311
    return max(1, round(jitter * float(2**receive_count)))
