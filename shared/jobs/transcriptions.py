"""The beginning of a transcription: a job of one chunk, for the pages that nobody can read yet."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.jobs import Job
from shared.jobs.model import ChunkPlan, JobKind
from shared.jobs.store import JobStore
from shared.usable_documents import is_unread

# One message a job: where its work doesn't fit into one invocation, the next one goes on.
ORDINAL = 1


def unread_pages(document: Document) -> ColumnElement[bool]:
    """The pages of which nobody knows what they say, and that nobody has failed to read."""
    return and_(
        DocumentPage.document_id == document.id,
        is_unread(),
        DocumentPage.transcription_error.is_(None),
    )


class Transcriptions:
    """Begins transcriptions within one session; `deadline` is how long one may take."""

    def __init__(self, session: Session, deadline: timedelta) -> None:
        self._session = session
        self._deadline = deadline

    def begin(self, document: Document) -> Job | None:
        """A queued job for the locked document's unread pages; None where there are none."""
        count = select(func.count()).where(unread_pages(document))
        unread = self._session.scalar(count) or 0
        if unread == 0:
            return None
        jobs = JobStore(self._session)
        job = jobs.create(JobKind.TRANSCRIPTION, document.user_id, unread, self._deadline)
        jobs.add_chunks(job.id, [ChunkPlan(ORDINAL, {"document_id": str(document.id)})])
        document.ocr_status, document.ocr_job_id = "transcribing", job.id
        document.ocr_error_code = document.ocr_retry_at = None
        self._session.flush()
        return job

    def begin_again(self, document: Document) -> Job | None:
        """As `begin`, on its owner's wish: also for the pages that could not be read before."""
        self._session.execute(
            update(DocumentPage)
            .where(DocumentPage.document_id == document.id)
            .where(DocumentPage.transcription_error.is_not(None))
            .values(transcription_error=None)
        )
        document.ocr_tries = 0
        return self.begin(document)

    def retry_due(self, limit: int = 100) -> list[Job]:
        """Begin anew what time may have mended."""
        due = self._session.scalars(
            select(Document)
            .where(Document.ocr_retry_at <= datetime.now(UTC))
            .order_by(Document.ocr_retry_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        return [job for document in due if (job := self._retry(document)) is not None]

    def _retry(self, document: Document) -> Job | None:
        document.ocr_tries += 1
        document.ocr_retry_at = None
        return self.begin(document)
