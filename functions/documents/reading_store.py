"""What the reader changes in PostgreSQL: the claim of an upload and what came of reading it.

A claim is known by the moment it was made at: whoever was too slow finds another moment there, and
its result is dropped.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, false, func, insert, literal, select
from sqlalchemy.orm import Session

from functions.documents.ports import DownloadedObject
from functions.documents.reading.document import ReadDocument
from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.jobs import Job
from shared.jobs.transcriptions import Transcriptions
from shared.storage.deletions import DeletionNotes
from shared.storage.ports import DeletionNote

# Longer than the function's timeout: a claim this old belongs to a worker that was lost.
LEASE = timedelta(seconds=90)

_UNFINISHED = ("needs_ocr", "transcribing")


@dataclass(frozen=True)
class Claim:
    """The right to read a document."""

    document_id: uuid.UUID
    started_at: datetime


@dataclass(frozen=True)
class Busy:
    """Another worker reads the document; it counts as lost after `until`."""

    until: datetime


@dataclass(frozen=True)
class Settled:
    """The document was read or rejected before."""


@dataclass(frozen=True)
class Gone:
    """There is no such document, or no longer; its file is noted for deletion."""

    files: Sequence[DeletionNote]


class ClaimLost(Exception):
    """The document was deleted, or another worker took it over."""


class ReadingStore:
    """Claims of documents and the results of reading them, within one session."""

    def __init__(self, session: Session, transcriptions: Transcriptions | None) -> None:
        self._session = session
        self._transcriptions = transcriptions

    def claim(self, object_key: str) -> Claim | Busy | Settled | Gone:
        """Take the document whose file this is, or say why not."""
        document = self._session.execute(
            select(Document).where(Document.object_key == object_key).with_for_update()
        ).scalar_one_or_none()
        if document is None:
            return Gone(DeletionNotes(self._session).add([object_key]))
        if document.status in {"ready", "rejected"} or document.ocr_status is not None:
            return Settled()
        now = datetime.now(UTC)
        if document.status == "processing" and document.processing_started_at is not None:
            until = document.processing_started_at + LEASE
            if until > now:
                return Busy(until)
        document.status = "processing"
        document.processing_started_at = now
        return Claim(document.id, now)

    def release(self, claim: Claim) -> None:
        """Let the next delivery take the document at once. Raises ClaimLost."""
        self._held(claim).processing_started_at = None

    def reject(self, claim: Claim, code: str, message: str, found: DownloadedObject | None) -> None:
        """Note why the document can't be read. Raises ClaimLost."""
        document = self._held(claim)
        document.status = "rejected"
        document.error_code = code
        document.error_message = message
        document.finished_at = datetime.now(UTC)
        if found is not None:
            _describe_file(document, found)

    def copy_earlier_reading(
        self, claim: Claim, found: DownloadedObject, reader_version: int
    ) -> bool:
        """Take the pages of a document of the same bytes, whoever's; False where there is none.

        Possession of the file is what opens its text. Raises ClaimLost.
        """
        document = self._held(claim)
        unfinished = func.coalesce(Document.ocr_status.in_(_UNFINISHED), false())
        earlier = self._session.execute(
            select(Document)
            .where(
                Document.sha256 == found.sha256,
                Document.status == "ready",
                Document.reader_version == reader_version,
            )
            .order_by(unfinished, Document.id.desc())
            .limit(1)
            .with_for_update(read=True, key_share=True, skip_locked=True)
        ).scalar_one_or_none()
        if earlier is None:
            return False
        columns = ("number", "label", "text", "characters", "has_text", "text_source")
        source = DocumentPage.__table__.c
        self._session.execute(
            insert(DocumentPage).from_select(
                ["document_id", *columns],
                select(
                    literal(document.id),
                    *(source[name] for name in columns),
                ).where(source.document_id == earlier.id),
            )
        )
        document.title, document.language = earlier.title, earlier.language
        document.outline = earlier.outline
        document.page_count = earlier.page_count
        document.character_count = earlier.character_count
        document.ocr_status = None if earlier.ocr_status in _UNFINISHED else earlier.ocr_status
        document.transcript_digest = earlier.transcript_digest
        _finish(document, found, reader_version)
        return True

    def finish(
        self, claim: Claim, reading: ReadDocument, found: DownloadedObject, reader_version: int
    ) -> None:
        """Store what was read. Raises ClaimLost."""
        document = self._held(claim)
        self._session.execute(
            insert(DocumentPage),
            [
                {
                    "document_id": document.id,
                    "number": page.number,
                    "label": page.label,
                    "text": page.text,
                    "characters": page.characters,
                    "has_text": page.has_text,
                    "text_source": "text_layer" if page.has_text or page.blank else None,
                }
                for page in reading.pages
            ],
        )
        document.title, document.language = reading.title, reading.language
        document.outline = [asdict(entry) for entry in reading.outline]
        document.page_count = reading.page_count
        document.character_count = reading.character_count
        _finish(document, found, reader_version)

    def begin_transcription(self, claim: Claim) -> Job | None:
        """A job for the pages that could not be read, where there are any, to be started.

        A document that has nothing else is processed on until then.
        """
        document = self._session.get_one(Document, claim.document_id)
        job = self._transcriptions.begin(document) if self._transcriptions else None
        if job is not None and not self._has_text(document):
            document.status, document.finished_at = "processing", None
        return job

    def _has_text(self, document: Document) -> bool:
        with_text = exists().where(
            DocumentPage.document_id == document.id, DocumentPage.has_text.is_(True)
        )
        return bool(self._session.scalar(select(with_text)))

    def _held(self, claim: Claim) -> Document:
        document = self._session.execute(
            select(Document).where(Document.id == claim.document_id).with_for_update()
        ).scalar_one_or_none()
        if document is None or document.status != "processing" or document.ocr_status:
            raise ClaimLost
        if document.processing_started_at != claim.started_at:
            raise ClaimLost
        return document


def _finish(document: Document, found: DownloadedObject, reader_version: int) -> None:
    document.status = "ready"
    document.reader_version = reader_version
    document.finished_at = datetime.now(UTC)
    _describe_file(document, found)


def _describe_file(document: Document, found: DownloadedObject) -> None:
    document.sha256 = found.sha256
    if found.size_bytes > 0:
        document.size_bytes = found.size_bytes
