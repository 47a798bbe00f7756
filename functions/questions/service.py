"""What users do with question sets: ask for them, read them, export them, publish them."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from functions.questions.exports.content import ExportedSet, exported_set
from functions.questions.finished_sets import FinishedSets
from functions.questions.prompts import PROMPT_VERSION
from functions.questions.rules.model import GenerationParameters
from functions.questions.sharing import SharedGenerations
from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.errors import Conflict, Forbidden, InvalidRequest, NotFound
from shared.identifiers import new_id
from shared.jobs.model import JobKind
from shared.jobs.store import JobStore
from shared.pagination import PageRequest
from shared.sessions import Caller
from shared.usable_documents import NEEDS_OCR, is_unread, require_text


class QuestionService:
    """Questions within one session, for one caller."""

    def __init__(
        self,
        session: Session,
        caller: Caller,
        *,
        model: str,
        deadline: timedelta,
        finished_sets: FinishedSets,
    ) -> None:
        self._session = session
        self._caller = caller
        self._model = model
        self._deadline = deadline
        self._jobs = JobStore(session)
        self._shared = SharedGenerations(session)
        self._finished_sets = finished_sets

    def request(
        self, document_id: uuid.UUID, parameters: GenerationParameters, *, fresh: bool
    ) -> tuple[Job, QuestionSet]:
        """A generation for these parameters: from the cache, one that runs already, or a new one.

        Raises NotFound, Conflict `document_not_ready` and `needs_ocr`, and InvalidRequest for pages
        that aren't there.
        """
        document = self._document(document_id)
        self._check_pages(document, parameters)
        key = cache_key(_text_of(document), parameters, self._model)
        self._shared.lock(key)
        if not fresh:
            running = self._shared.running_of(self._caller.user_id, document.id, key)
            if running is not None:
                return running
        job = self._jobs.create(
            JobKind.GENERATION, self._caller.user_id, parameters.count, self._deadline
        )
        question_set = QuestionSet(
            id=new_id(),
            user_id=self._caller.user_id,
            document_id=document.id,
            job_id=job.id,
            title=document.title or document.filename,
            parameters=parameters.as_json(),
            cache_key=key,
            requested=parameters.count,
            delivered=0,
            shortfall_reasons={},
            coverage={},
            model=self._model,
            prompt_version=PROMPT_VERSION,
            status="generating",
            fresh=fresh,
            unread_pages=self._unread_pages(document),
        )
        self._session.add(question_set)
        self._session.flush()
        if not fresh:
            self._share(question_set, job)
        return job, question_set

    def _share(self, question_set: QuestionSet, job: Job) -> None:
        """Copy a finished set of the same thing, or follow one that is being made."""
        key = question_set.cache_key
        finished = self._finished_sets.find(self._session, key) or self._shared.finished(key)
        if finished is not None:
            self._finished_sets.remember(finished)
            self._shared.copy(finished, question_set, job)
            return
        leader = self._shared.leader(key, question_set.id)
        question_set.follows = leader.id if leader else None
        self._session.flush()

    def _document(self, document_id: uuid.UUID) -> Document:
        """The caller's document. While it is looked at no page of it is transcribed, so that its
        digest and the pages agree."""
        document = self._session.get(Document, document_id, with_for_update={"read": True})
        if document is None or document.user_id != self._caller.user_id:
            raise NotFound("There is no such document.", code="document_not_found")
        require_text(self._session, document)
        return document

    def _unread_pages(self, document: Document) -> list[int]:
        query = select(DocumentPage.number).where(
            DocumentPage.document_id == document.id, is_unread()
        )
        return list(self._session.scalars(query.order_by(DocumentPage.number)))

    def _check_pages(self, document: Document, parameters: GenerationParameters) -> None:
        wanted = parameters.pages
        if wanted is None:
            return
        for field, number in (("pages.from", wanted.first), ("pages.to", wanted.last)):
            if number > (document.page_count or 0):
                raise InvalidRequest.field(
                    field, f"the document has {document.page_count} pages", code="pages_outside"
                )
        inside = (
            DocumentPage.document_id == document.id,
            DocumentPage.number.between(wanted.first, wanted.last),
        )
        if self._session.scalar(select(exists().where(*inside, DocumentPage.has_text))):
            return
        if self._session.scalar(select(exists().where(*inside, is_unread()))):
            message = "These pages are pictures of text, which could not be transcribed yet."
            raise Conflict(message, code=NEEDS_OCR)
        raise InvalidRequest.field("pages", "these pages have no text", code="pages_empty")

    def sets(self, page: PageRequest) -> Sequence[QuestionSet]:
        """The caller's sets, newest first, as `page` asks."""
        query = select(QuestionSet).where(QuestionSet.user_id == self._caller.user_id)
        return self._session.execute(page.apply(query, QuestionSet.id)).scalars().all()

    def readable_set(self, set_id: uuid.UUID) -> QuestionSet:
        """A set that the caller may read: an own one, or a published one by its id."""
        found = self._session.get(QuestionSet, set_id)
        own = found is not None and found.user_id == self._caller.user_id
        if found is None or not (own or found.status == "published"):
            raise NotFound("There is no such question set.", code="question_set_not_found")
        return found

    def own_set(self, set_id: uuid.UUID) -> QuestionSet:
        """A set of the caller's own, locked for a change."""
        query = select(QuestionSet).where(
            QuestionSet.id == set_id, QuestionSet.user_id == self._caller.user_id
        )
        found = self._session.execute(query.with_for_update()).scalar_one_or_none()
        if found is None:
            raise NotFound("There is no such question set.", code="question_set_not_found")
        return found

    def may_see_keys(self, question_set: QuestionSet) -> None:
        """Raises Forbidden unless the caller owns the set."""
        if question_set.user_id != self._caller.user_id:
            raise Forbidden("Only the owner of a set may see its keys.", code="keys_not_visible")

    def export(self, set_id: uuid.UUID) -> ExportedSet:
        """A finished set with its keys, for its owner.

        Raises NotFound, Forbidden `keys_not_visible` and Conflict `question_set_not_ready`.
        """
        question_set = self.readable_set(set_id)
        self.may_see_keys(question_set)
        _check_finished(question_set)
        language = question_set.parameters.get("language") or self._session.scalar(
            select(Document.language).where(Document.id == question_set.document_id)
        )
        return exported_set(question_set, self.questions(set_id), language)

    def questions(self, set_id: uuid.UUID) -> list[Question]:
        """The questions of a set in order, without removed ones."""
        query = (
            select(Question)
            .where(Question.question_set_id == set_id, Question.removed_at.is_(None))
            .order_by(Question.position)
        )
        return list(self._session.execute(query).scalars())

    def publish(self, set_id: uuid.UUID) -> QuestionSet:
        """Let others read the set and answer it. Publishing twice is publishing once."""
        question_set = self.own_set(set_id)
        if question_set.status == "published":
            return question_set
        if question_set.status != "draft":
            raise Conflict("The set is not finished.", code="question_set_not_ready")
        question_set.status = "published"
        question_set.published_at = datetime.now(UTC)
        return question_set


def _check_finished(question_set: QuestionSet) -> None:
    if question_set.status not in {"draft", "published"}:
        raise Conflict("The set is not finished.", code="question_set_not_ready")


def _text_of(document: Document) -> str:
    """What names the document's text: the file, and what was transcribed of its pictures."""
    if document.transcript_digest is None:
        return str(document.sha256)
    return f"{document.sha256} {document.transcript_digest}"


def cache_key(document_text: str, parameters: GenerationParameters, model: str) -> str:
    """What names a generation: the text, the wish, the prompt's version and the model."""
    named: dict[str, Any] = {
        "document": document_text,
        "parameters": parameters.as_json(),
        "prompt": PROMPT_VERSION,
        "model": model,
    }
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
