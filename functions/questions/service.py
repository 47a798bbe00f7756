"""What users do with questions: ask for them, read them, edit them, publish them."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.questions.edits import CONTENT, changed_content
from functions.questions.exports.content import ExportedSet, exported_set
from functions.questions.prompts import PROMPT_VERSION
from functions.questions.rules.model import GenerationParameters
from functions.questions.schemas import EditQuestionBody
from functions.questions.store import set_result
from shared.database.tables.documents import Document, DocumentPage
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet, QuestionVersion
from shared.errors import Conflict, Forbidden, InvalidRequest, NotFound
from shared.identifiers import new_id
from shared.jobs.model import ACTIVE, JobKind
from shared.jobs.store import JobStore
from shared.pagination import PageRequest
from shared.sessions import Caller

_COPIED = (
    *("chunk", "position", "type", *CONTENT),
    *("source_page", "source_label", "source_quote", "source_start", "source_end"),
)


class QuestionService:
    """Questions within one session, for one caller."""

    def __init__(
        self, session: Session, caller: Caller, *, model: str, deadline: timedelta
    ) -> None:
        self._session = session
        self._caller = caller
        self._model = model
        self._deadline = deadline
        self._jobs = JobStore(session)

    def request(
        self, document_id: uuid.UUID, parameters: GenerationParameters, *, fresh: bool
    ) -> tuple[Job, QuestionSet]:
        """A generation for these parameters: from the cache, one that runs already, or a new one.

        Raises NotFound, Conflict `document_not_ready` and InvalidRequest for pages that aren't
        there.
        """
        document = self._document(document_id)
        self._check_pages(document, parameters)
        key = cache_key(str(document.sha256), parameters, self._model)
        if not fresh:
            running = self._running(document.id, key)
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
        )
        self._session.add(question_set)
        self._session.flush()
        finished = None if fresh else self._finished(key)
        if finished is not None:
            self._copy(finished, question_set, job)
        return job, question_set

    def _document(self, document_id: uuid.UUID) -> Document:
        document = self._session.get(Document, document_id)
        if document is None or document.user_id != self._caller.user_id:
            raise NotFound("There is no such document.", code="document_not_found")
        if document.status != "ready":
            raise Conflict(
                f"The document is {document.status}, not ready.", code="document_not_ready"
            )
        return document

    def _check_pages(self, document: Document, parameters: GenerationParameters) -> None:
        wanted = parameters.pages
        if wanted is None:
            return
        for field, number in (("pages.from", wanted.first), ("pages.to", wanted.last)):
            if number > (document.page_count or 0):
                raise InvalidRequest.field(
                    field, f"the document has {document.page_count} pages", code="pages_outside"
                )
        readable = select(DocumentPage.number).where(
            DocumentPage.document_id == document.id,
            DocumentPage.has_text,
            DocumentPage.number.between(wanted.first, wanted.last),
        )
        if self._session.execute(readable.limit(1)).first() is None:
            raise InvalidRequest.field("pages", "these pages have no text", code="pages_empty")

    def _running(self, document_id: uuid.UUID, key: str) -> tuple[Job, QuestionSet] | None:
        """The caller's own generation of the same thing that is under way."""
        query = (
            select(Job, QuestionSet)
            .join(QuestionSet, QuestionSet.job_id == Job.id)
            .where(
                QuestionSet.user_id == self._caller.user_id,
                QuestionSet.document_id == document_id,
                QuestionSet.cache_key == key,
                QuestionSet.status == "generating",
                Job.status.in_(ACTIVE),
                Job.deadline_at > datetime.now(UTC),
            )
        )
        found = self._session.execute(query.limit(1)).first()
        return (found[0], found[1]) if found else None

    def _finished(self, key: str) -> QuestionSet | None:
        """A complete set of the same thing; the key holds the file's hash, so the caller has it."""
        query = (
            select(QuestionSet)
            .where(
                QuestionSet.cache_key == key,
                QuestionSet.completed_at.is_not(None),
                QuestionSet.delivered == QuestionSet.requested,
                QuestionSet.copied_from.is_(None),
                QuestionSet.edited_at.is_(None),
            )
            .order_by(QuestionSet.completed_at.desc())
        )
        return self._session.execute(query.limit(1)).scalar_one_or_none()

    def _copy(self, source: QuestionSet, target: QuestionSet, job: Job) -> None:
        for row in self.questions(source.id):
            copied = {name: getattr(row, name) for name in _COPIED}
            self._session.add(Question(id=new_id(), question_set_id=target.id, version=1, **copied))
        target.delivered = source.delivered
        target.shortfall_reasons = source.shortfall_reasons
        target.coverage = source.coverage
        target.copied_from = source.id
        target.status = "draft"
        target.completed_at = datetime.now(UTC)
        self._jobs.start(job.id)
        self._jobs.progress(job, target.delivered, {})
        self._jobs.complete(job.id, set_result(target), cached=True)

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

    def edit(self, set_id: uuid.UUID, question_id: uuid.UUID, body: EditQuestionBody) -> Question:
        """Change a question; what it was is kept as a version.

        Raises Conflict while the set is generated and InvalidRequest for a key that doesn't fit.
        """
        question_set = self.own_set(set_id)
        _check_finished(question_set)
        question = self._session.get(Question, question_id)
        if question is None or question.question_set_id != set_id or question.removed_at:
            raise NotFound("There is no such question.", code="question_not_found")
        before, after = changed_content(question, body)
        if after != before:
            self._session.add(
                QuestionVersion(
                    question_id=question.id,
                    version=question.version,
                    content=before,
                    replaced_by=self._caller.user_id,
                )
            )
            for name, value in after.items():
                setattr(question, name, value)
            question.version += 1
            question_set.edited_at = datetime.now(UTC)
            self._session.flush()
        return question

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


def cache_key(document_sha256: str, parameters: GenerationParameters, model: str) -> str:
    """What names a generation: the file, the wish, the prompt's version and the model."""
    named: dict[str, Any] = {
        "document": document_sha256,
        "parameters": parameters.as_json(),
        "prompt": PROMPT_VERSION,
        "model": model,
    }
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
