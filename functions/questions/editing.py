"""What owners change in a finished set: questions are edited, removed and made again."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.questions.edits import changed_content, changes_the_key
from functions.questions.rows import CONTENT, delivered
from functions.questions.schemas import EditQuestionBody
from shared.database.tables.jobs import Job
from shared.database.tables.questions import (
    Question,
    QuestionSet,
    QuestionVersion,
    Regeneration,
    RegradeRequest,
)
from shared.errors import Conflict, NotFound
from shared.jobs.model import ACTIVE, JobKind
from shared.jobs.store import JobStore

REMOVED = "removed_by_owner"


@dataclass(frozen=True)
class Version:
    """A question as it was, or is: then nobody has replaced it."""

    question_id: uuid.UUID
    version: int
    content: dict[str, Any]
    replaced_by: uuid.UUID | None
    replaced_at: datetime | None


class QuestionEditing:
    """Changes within one session to the sets of one user."""

    def __init__(self, session: Session, user_id: uuid.UUID, deadline: timedelta) -> None:
        self._session = session
        self._user_id = user_id
        self._deadline = deadline

    def edit(self, set_id: uuid.UUID, question_id: uuid.UUID, body: EditQuestionBody) -> Question:
        """Change a question; what it was is kept as a version, and another key grades again.

        Raises Conflict while the set is generated and InvalidRequest for a key that doesn't fit.
        """
        question_set, question = self._own_question(set_id, question_id)
        before, after = changed_content(question, body)
        if after == before:
            return question
        self._session.add(
            QuestionVersion(
                question_id=question.id,
                version=question.version,
                content=before,
                replaced_by=self._user_id,
            )
        )
        for name, value in after.items():
            setattr(question, name, value)
        question.version += 1
        # Who edits a question has looked at it.
        question.needs_review = False if question.needs_review else question.needs_review
        if changes_the_key(before, after):
            self._ask_for_grades(question)
        self._touch(question_set)
        return question

    def _ask_for_grades(self, question: Question) -> None:
        """Asked for even where nobody has answered yet: an answer may be on its way."""
        self._session.add(
            RegradeRequest(
                question_id=question.id,
                question_version=question.version,
                requested_by=self._user_id,
            )
        )

    def remove(self, set_id: uuid.UUID, question_id: uuid.UUID) -> None:
        """Take a question out of its set. Answers that were given to it keep their grades."""
        question_set, question = self._own_question(set_id, question_id)
        question.removed_at = datetime.now(UTC)
        question_set.delivered -= 1
        reasons = question_set.shortfall_reasons
        question_set.shortfall_reasons = {**reasons, REMOVED: reasons.get(REMOVED, 0) + 1}
        self._touch(question_set)

    def regenerate(self, set_id: uuid.UUID, question_id: uuid.UUID) -> tuple[Job, QuestionSet]:
        """A job that makes the question again; the one that does so already, if there is one."""
        question_set, question = self._own_question(set_id, question_id)
        running = self._session.execute(
            select(Job)
            .join(Regeneration, Regeneration.job_id == Job.id)
            .where(
                Regeneration.question_id == question.id,
                Job.status.in_(ACTIVE),
                Job.deadline_at > datetime.now(UTC),
            )
        ).scalars()
        job = running.first()
        if job is None:
            jobs = JobStore(self._session)
            job = jobs.create(JobKind.GENERATION, self._user_id, 1, self._deadline)
            self._session.add(
                Regeneration(job_id=job.id, question_set_id=set_id, question_id=question.id)
            )
            self._session.flush()
        return job, question_set

    def versions(self, set_id: uuid.UUID, question_id: uuid.UUID) -> list[Version]:
        """The question as it is and as it was, newest first, and so the one it was made for."""
        self._own_set(set_id)
        found: list[Version] = []
        question = self._session.get(Question, question_id)
        if question is None or question.question_set_id != set_id:
            raise NotFound("There is no such question.", code="question_not_found")
        while question is not None:
            found.append(_present(question))
            found += [_past(row) for row in self._past_versions(question.id)]
            question = self._session.get(Question, question.replaces) if question.replaces else None
        return found

    def _past_versions(self, question_id: uuid.UUID) -> Sequence[QuestionVersion]:
        query = select(QuestionVersion).where(QuestionVersion.question_id == question_id)
        return self._session.execute(query.order_by(QuestionVersion.version.desc())).scalars().all()

    def _own_set(self, set_id: uuid.UUID) -> QuestionSet:
        query = select(QuestionSet).where(
            QuestionSet.id == set_id, QuestionSet.user_id == self._user_id
        )
        found = self._session.execute(query.with_for_update()).scalar_one_or_none()
        if found is None:
            raise NotFound("There is no such question set.", code="question_set_not_found")
        return found

    def _own_question(
        self, set_id: uuid.UUID, question_id: uuid.UUID
    ) -> tuple[QuestionSet, Question]:
        question_set = self._own_set(set_id)
        if question_set.status not in {"draft", "published"}:
            raise Conflict("The set is not finished.", code="question_set_not_ready")
        question = self._session.get(Question, question_id, with_for_update=True)
        if question is None or question.question_set_id != set_id or question.removed_at:
            raise NotFound("There is no such question.", code="question_not_found")
        return question_set, question

    def _touch(self, question_set: QuestionSet) -> None:
        """An edited set is nobody else's from the cache."""
        question_set.edited_at = datetime.now(UTC)
        self._session.flush()
        query = select(Question).where(
            Question.question_set_id == question_set.id, Question.removed_at.is_(None)
        )
        rows = self._session.execute(query).scalars().all()
        coverage = question_set.coverage
        question_set.coverage = {**coverage, **delivered(rows, coverage)}
        self._session.flush()


def _present(question: Question) -> Version:
    content = {name: getattr(question, name) for name in CONTENT}
    return Version(question.id, question.version, content, None, question.removed_at)


def _past(row: QuestionVersion) -> Version:
    return Version(row.question_id, row.version, row.content, row.replaced_by, row.replaced_at)
