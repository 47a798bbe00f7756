"""What a job was for shares its bad end: no question set, submission or scan waits for ever."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import QuestionSet
from shared.usable_documents import NEEDS_OCR

# What another try of a transcription may find mended, and how soon it is made: 1, 2, 4, 8, 16 h.
MENDED_BY_TIME = frozenset(
    (
        *("quota_exhausted", "model_unavailable", "model_saturated", "budget_exceeded"),
        *("no_model_keys", "deadline_exceeded", "storage_unavailable"),
        *("worker_lost", "worker_timeout", "worker_error"),
    )
)
MOST_RETRIES = 5
_FIRST_PAUSE = timedelta(hours=1)


def fail_what_waits_for(session: Session, job: Job) -> None:
    """Mark what the job was for as failed, if it is still unfinished."""
    session.execute(
        update(QuestionSet)
        .where(QuestionSet.job_id == job.id, QuestionSet.status == "generating")
        .values(status="failed")
    )
    session.execute(
        update(Submission)
        .where(Submission.job_id == job.id, Submission.status == "grading")
        .values(status="failed", completed_at=datetime.now(UTC))
    )
    if job.kind == "transcription":
        _leave_untranscribed(session, job)


def _leave_untranscribed(session: Session, job: Job) -> None:
    document = session.execute(
        select(Document)
        .where(Document.ocr_job_id == job.id, Document.ocr_status == "transcribing")
        .with_for_update()
    ).scalar_one_or_none()
    if document is not None:
        mark_untranscribed(document, job.error_code or job.status)


def mark_untranscribed(document: Document, code: str) -> None:
    """Say that pages are still unread, and why; the document is used for the rest of them."""
    document.ocr_status = NEEDS_OCR
    document.ocr_error_code = code
    document.ocr_retry_at = None
    if code in MENDED_BY_TIME and document.ocr_tries < MOST_RETRIES:
        document.ocr_retry_at = datetime.now(UTC) + _FIRST_PAUSE * 2**document.ocr_tries
    if document.status == "processing":
        document.status = "ready"
        document.finished_at = datetime.now(UTC)
