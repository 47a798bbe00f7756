"""What the pipeline reads of a generation: its set, its pages, and what was asked before."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, all_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import Session

from functions.questions.ports import Asked, Generation, Replaced
from functions.questions.rows import slot_of, stored_gist
from functions.questions.rules.model import DocumentPage, GenerationParameters, Span
from functions.questions.rules.outlines import Bookmark
from shared.database.tables.documents import TRANSCRIPTION, Document
from shared.database.tables.documents import DocumentPage as PageRow
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question as QuestionRow
from shared.database.tables.questions import QuestionSet, Regeneration


class GenerationReading:
    """Reads within one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def describe(self, job: Job) -> Generation:
        """The generation that a job is."""
        regeneration = self._session.get(Regeneration, job.id)
        row = self.question_set(job.id)
        return Generation(
            job_id=job.id,
            user_id=job.user_id,
            question_set_id=row.id,
            document_id=row.document_id,
            parameters=GenerationParameters.from_json(row.parameters),
            deadline_at=job.deadline_at,
            created_at=job.created_at,
            follows=regeneration is None and row.follows is not None,
            fresh=row.fresh,
            replaced=self._replaced(regeneration) if regeneration else None,
            # A question that is made again is nobody else's: it may come from any page.
            unread_pages=frozenset() if regeneration else frozenset(row.unread_pages),
        )

    def _replaced(self, regeneration: Regeneration) -> Replaced:
        old = self._session.get_one(QuestionRow, regeneration.question_id)
        return Replaced(old.id, slot_of(old), old.source_page)

    def question_set(self, job_id: uuid.UUID) -> QuestionSet:
        """The set that a job makes, or makes one question of again."""
        regenerated = select(Regeneration.question_set_id).where(Regeneration.job_id == job_id)
        query = select(QuestionSet).where(
            or_(QuestionSet.job_id == job_id, QuestionSet.id.in_(regenerated))
        )
        return self._session.execute(query).scalar_one()

    def pages(
        self, generation: Generation, numbers: Sequence[int] | None = None
    ) -> list[DocumentPage]:
        """The document's pages, all or those named, in order, as the generation knows them."""
        columns = (PageRow.number, PageRow.label, PageRow.text, PageRow.has_text)
        query = select(*columns, PageRow.text_source).where(
            PageRow.document_id == generation.document_id
        )
        if numbers is not None:
            query = query.where(PageRow.number.in_(numbers))
        rows = self._session.execute(query.order_by(PageRow.number))
        return [
            _unread(row)
            if row.number in generation.unread_pages or _is_unread(row)
            else DocumentPage(
                row.number,
                row.label,
                row.text,
                row.has_text,
                transcribed=row.text_source == TRANSCRIPTION,
            )
            for row in rows
        ]

    def outline(self, generation: Generation) -> list[Bookmark]:
        """The bookmarks of the document's PDF."""
        stored = self._session.scalar(
            select(Document.outline).where(Document.id == generation.document_id)
        )
        return [Bookmark(**entry) for entry in stored or []]

    def filled(self, generation: Generation) -> set[int]:
        """The slots that have a question, of a regeneration the one that was made for it."""
        query = select(QuestionRow.position).where(
            QuestionRow.question_set_id == generation.question_set_id
        )
        if generation.replaced:
            query = query.where(QuestionRow.replaces == generation.replaced.question_id)
        return set(self._session.execute(query).scalars())

    def asked(self, generation: Generation, besides: Collection[uuid.UUID] = ()) -> list[Asked]:
        """The set's questions, removed ones too; of a fresh set the user's older ones as well."""
        row = QuestionRow
        place = (row.source_page, row.source_start, row.source_end, row.source_quote)
        query = select(row.id, row.type, row.stem, row.options, row.answer, *place)
        if generation.fresh:
            query = query.where(row.question_set_id.in_(_sets_of_the_same_file(generation)))
        else:
            query = query.where(row.question_set_id == generation.question_set_id)
        if besides:
            known = bindparam("known", list(besides), type_=ARRAY(UUID(as_uuid=True)))
            query = query.where(row.id != all_(known))
        return [
            Asked(
                one.id,
                Span(one.source_page, one.source_start, one.source_end),
                one.stem,
                one.source_quote,
                stored_gist(one),
            )
            for one in self._session.execute(query.order_by(row.id))
        ]

    def questions(self, set_id: uuid.UUID) -> Sequence[QuestionRow]:
        """The questions of a set as it stands, in order."""
        query = select(QuestionRow).where(
            QuestionRow.question_set_id == set_id, QuestionRow.removed_at.is_(None)
        )
        return self._session.execute(query.order_by(QuestionRow.position)).scalars().all()


def _is_unread(row: Any) -> bool:
    return row.text_source is None and not row.has_text


def _unread(row: Any) -> DocumentPage:
    return DocumentPage(row.number, row.label, "", has_text=False, unread=True)


def _sets_of_the_same_file(generation: Generation) -> Select[uuid.UUID]:
    """The user's sets of the generation's file, however often it was uploaded."""
    sha256 = select(Document.sha256).where(Document.id == generation.document_id)
    return (
        select(QuestionSet.id)
        .join(Document, Document.id == QuestionSet.document_id)
        .where(
            QuestionSet.user_id == generation.user_id,
            Document.sha256 == sha256.scalar_subquery(),
        )
    )
