"""What a transcription changes in PostgreSQL: pages as they are read, and the document's end.

Rows are locked in one order everywhere, the job before the document.
"""

import hashlib
import uuid
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from functions.documents.reading.language import guess_language
from functions.documents.transcripts import Transcripts
from shared.database.tables.documents import TRANSCRIPTION, Document, DocumentPage
from shared.errors import ChunkFailed
from shared.jobs.model import Claim
from shared.jobs.outcomes import mark_untranscribed
from shared.jobs.store import JobStore
from shared.jobs.transcriptions import unread_pages

NO_TEXT = "no_text_layer"
_NO_TEXT_MESSAGE = "The document has no text, also not on its pictures."


class TranscriptionStore:
    """The document of a claimed transcription, within one session.

    `most_characters` is what all its pages may hold.
    """

    def __init__(self, session: Session, most_characters: int) -> None:
        self._session = session
        self._jobs = JobStore(session)
        self._most_characters = most_characters

    def unread(self, claim: Claim) -> tuple[str, list[int]]:
        """Where the document's file lies, and the numbers of the pages to be read.

        Raises ChunkFailed where the document was deleted.
        """
        document = self._document(claim)
        query = select(DocumentPage.number).where(unread_pages(document))
        return document.object_key, list(self._session.scalars(query.order_by(DocumentPage.number)))

    def keep(self, claim: Claim, transcripts: Transcripts) -> None:
        """Store what was read. Raises JobCancelled or LeaseLost where the claim holds no more."""
        job = self._jobs.lock_active(claim.job_id)
        self._jobs.check(claim)
        document = self._document(claim, lock=True)
        errors = dict(transcripts.errors)
        characters = document.character_count or 0
        for number, text in transcripts.texts.items():
            if characters + len(text) > self._most_characters:
                errors[number] = "too_much_text"
                continue
            characters += len(text)
            self._store_text(document.id, number, text)
        for number, code in errors.items():
            self._change(document.id, number, transcription_error=code[:60])
        document.character_count = characters
        document.transcript_digest = self._digest(document.id)
        settled = job.done + len(transcripts.texts) + len(transcripts.errors)
        self._jobs.progress(job, settled, {"document_id": str(document.id)})

    def finish(self, claim: Claim) -> None:
        """Close the chunk, the job and the document at once. Raises as `keep`."""
        job = self._jobs.finish_chunk(claim, {})
        document = self._document(claim, lock=True)
        pages = self._session.execute(
            select(DocumentPage.text, DocumentPage.transcription_error)
            .where(DocumentPage.document_id == document.id)
            .order_by(DocumentPage.number)
        ).all()
        texts = [page.text for page in pages if page.text]
        document.language = document.language or guess_language(texts, None)
        errors = [page.transcription_error for page in pages if page.transcription_error]
        if errors:
            mark_untranscribed(document, errors[0])
        else:
            _mark_transcribed(document, has_text=bool(texts))
        result = {"document_id": str(document.id), "unread_pages": len(errors)}
        self._jobs.complete(job.id, result)

    def _document(self, claim: Claim, *, lock: bool = False) -> Document:
        query = select(Document).where(Document.ocr_job_id == claim.job_id)
        query = query.with_for_update() if lock else query
        document = self._session.execute(query).scalar_one_or_none()
        if document is None:
            raise ChunkFailed("The document was deleted.", code="document_not_found")
        return document

    def _store_text(self, document_id: uuid.UUID, number: int, text: str) -> None:
        self._change(
            document_id,
            number,
            text=text,
            characters=len(text),
            has_text=bool(text),
            text_source=TRANSCRIPTION,
        )

    def _change(self, document_id: uuid.UUID, number: int, **values: object) -> None:
        self._session.execute(
            update(DocumentPage)
            .where(DocumentPage.document_id == document_id, DocumentPage.number == number)
            .values(**values)
        )

    def _digest(self, document_id: uuid.UUID) -> str:
        """Names all that was transcribed so far, in whatever order it came."""
        rows = self._session.execute(
            select(DocumentPage.number, DocumentPage.text)
            .where(DocumentPage.document_id == document_id)
            .where(DocumentPage.text_source == TRANSCRIPTION)
            .order_by(DocumentPage.number)
        )
        digest = hashlib.sha256()
        for number, text in rows:
            content = text.encode()
            digest.update(f"{number} {len(content)} ".encode() + content)
        return digest.hexdigest()


def _mark_transcribed(document: Document, *, has_text: bool) -> None:
    document.ocr_status = "done"
    document.ocr_tries = 0
    if document.status == "processing":
        document.status, document.finished_at = "ready", datetime.now(UTC)
    if not has_text:
        document.status = "rejected"
        document.error_code, document.error_message = NO_TEXT, _NO_TEXT_MESSAGE
