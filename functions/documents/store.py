"""Documents and their pages in PostgreSQL. Each method is part of the caller's transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, union
from sqlalchemy.orm import Session

from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.evaluation import Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import QuestionSet, Regeneration
from shared.errors import NotFound
from shared.jobs.model import ACTIVE
from shared.jobs.store import JobStore
from shared.pagination import PageRequest
from shared.storage.deletions import DeletionNotes
from shared.storage.ports import DeletionNote


@dataclass(frozen=True)
class PageSummary:
    """A page without its text."""

    number: int
    label: str | None
    characters: int
    has_text: bool
    text_source: str | None
    transcription_error: str | None


class DocumentStore:
    """A user's documents, within one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, document: Document) -> None:
        """Store a new document."""
        self._session.add(document)
        self._session.flush()

    def of_user(
        self, document_id: uuid.UUID, user_id: uuid.UUID, *, lock: bool = False
    ) -> Document:
        """A user's document. Raises NotFound for anybody else's."""
        query = select(Document).where(Document.id == document_id, Document.user_id == user_id)
        if lock:
            query = query.with_for_update()
        document = self._session.execute(query).scalar_one_or_none()
        if document is None:
            raise NotFound("There is no such document.", code="document_not_found")
        return document

    def list_of_user(self, user_id: uuid.UUID, page: PageRequest) -> Sequence[Document]:
        """The rows of one page of a user's documents, newest first, and one more."""
        query = select(Document).where(Document.user_id == user_id)
        return self._session.execute(page.apply(query, Document.id)).scalars().all()

    def pages(self, document_id: uuid.UUID) -> list[PageSummary]:
        """All pages of a document in order."""
        rows: Sequence[Any] = self._session.execute(
            select(
                DocumentPage.number,
                DocumentPage.label,
                DocumentPage.characters,
                DocumentPage.has_text,
                DocumentPage.text_source,
                DocumentPage.transcription_error,
            )
            .where(DocumentPage.document_id == document_id)
            .order_by(DocumentPage.number)
        ).all()
        return [PageSummary(*row) for row in rows]

    def page(self, document_id: uuid.UUID, number: int) -> DocumentPage:
        """One page. Raises NotFound."""
        page = self._session.get(DocumentPage, (document_id, number))
        if page is None:
            raise NotFound("The document has no such page.", code="page_not_found")
        return page

    def cancel_work(self, document_id: uuid.UUID) -> None:
        """End the jobs that make something of a document: nobody will have it.

        Jobs are locked before documents everywhere, so this comes before the document's lock.
        """
        own_sets = select(QuestionSet.id).where(QuestionSet.document_id == document_id)
        running = select(Job.id).where(
            Job.status.in_(ACTIVE),
            Job.id.in_(
                union(
                    select(Document.ocr_job_id).where(Document.id == document_id),
                    select(QuestionSet.job_id).where(QuestionSet.document_id == document_id),
                    select(Regeneration.job_id).where(Regeneration.question_set_id.in_(own_sets)),
                    select(Submission.job_id).where(Submission.question_set_id.in_(own_sets)),
                )
            ),
        )
        jobs = JobStore(self._session)
        for job_id in self._session.scalars(running.order_by(Job.id)).all():
            jobs.cancel(job_id)

    def remove(self, document_id: uuid.UUID) -> Sequence[DeletionNote]:
        """Delete a document, note its file; the database takes along what hangs on it."""
        files = DeletionNotes(self._session).add_files_of(Document.id == document_id)
        self._session.execute(delete(Document).where(Document.id == document_id))
        return files
