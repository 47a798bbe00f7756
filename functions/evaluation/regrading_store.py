"""Answers that were graded by an older version of their question, and their further grades."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from functions.evaluation.grade_store import add_version
from functions.evaluation.ports import AnswerToGrade, FreeQuestion, NewGrade
from functions.evaluation.reading import free_question, set_language
from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Answer, Grade
from shared.database.tables.questions import Question, QuestionSet, RegradeRequest


@dataclass(frozen=True)
class RegradeOrder:
    """Which question is graded again by which of its versions, and who wants it why."""

    question_id: uuid.UUID
    question_version: int
    by_user: uuid.UUID | None
    reason: str

    def as_payload(self) -> dict[str, Any]:
        """What a chunk's payload says of it."""
        return {
            "regrade": {
                "question_id": str(self.question_id),
                "question_version": self.question_version,
                "by": str(self.by_user) if self.by_user else None,
                "reason": self.reason,
            }
        }


@dataclass(frozen=True)
class AskedAgain:
    """A question as it stands, and the answers with grades of older versions of it."""

    question: Question
    question_set: QuestionSet
    document_language: str | None
    answers: list[tuple[Answer, Grade]]

    @property
    def language(self) -> str | None:
        """The language the question is in."""
        return set_language(self.question_set, self.document_language)

    @property
    def free(self) -> FreeQuestion:
        """The question as the grader of free answers needs it."""
        return free_question(self.question, self.question_set, self.document_language)

    def to_grade(self) -> list[AnswerToGrade]:
        """The answers as the grader of free answers needs them."""
        free = self.free
        return [AnswerToGrade(one.id, free, str(one.answer or "")) for one, _ in self.answers]


def asked_again(session: Session, question_id: uuid.UUID) -> AskedAgain:
    """A question and the answers that are to be graded again, each locked; none that a person
    has graded."""
    question, question_set, language = session.execute(
        select(Question, QuestionSet, Document.language)
        .join(QuestionSet, QuestionSet.id == Question.question_set_id)
        .join(Document, Document.id == QuestionSet.document_id)
        .where(Question.id == question_id)
        .execution_options(populate_existing=True)
    ).one()
    return AskedAgain(question, question_set, language, _outdated_answers(session, question))


def _outdated_answers(session: Session, question: Question) -> list[tuple[Answer, Grade]]:
    wanted = (Answer.question_id == question.id, is_outdated(question.version))
    session.execute(select(Answer.id).where(*wanted).order_by(Answer.id).with_for_update())
    rows = session.execute(
        select(Answer, Grade)
        .join(Grade, Grade.answer_id == Answer.id)
        .where(*wanted)
        .order_by(Answer.id, Grade.version.desc())
        .ext(distinct_on(Answer.id))
        .execution_options(populate_existing=True)
    )
    return [(answer, grade) for answer, grade in rows]


def is_outdated(question_version: int) -> ColumnElement[bool]:
    """Whether the grade in force is of a version before this one, and not a person's."""
    given = aliased(Grade)
    source = (
        select(given.source)
        .where(given.answer_id == Answer.id)
        .order_by(given.version.desc())
        .limit(1)
        .correlate(Answer)
        .scalar_subquery()
    )
    return and_(Answer.question_version < question_version, source != "human")


def add_further_grade(
    session: Session, fresh: NewGrade, before: Grade, order: RegradeOrder
) -> None:
    """Store a further version of a grade, with who wanted it and why."""
    provenance = {
        **fresh.provenance,
        "regraded": order.reason,
        "by": str(order.by_user) if order.by_user else None,
        "replaced_version": before.version,
        "replaced_score": before.score,
        "graded_at": datetime.now(UTC).isoformat(),
    }
    add_version(session, replace(fresh, provenance=provenance))


def request_where_edited(session: Session, answer_ids: Sequence[uuid.UUID]) -> None:
    """Ask for a regrading where a first grade is of a version that was edited meanwhile.

    The edit's own request may have been handled before this grade was there. The questions are
    held until the transaction ends, so that a further edit's request comes after these grades.
    """
    judged = (
        select(Answer.question_id, func.min(Answer.question_version).label("version"))
        .where(Answer.id.in_(answer_ids))
        .group_by(Answer.question_id)
        .subquery()
    )
    held = select(Question.id).join(judged, judged.c.question_id == Question.id)
    session.execute(held.order_by(Question.id).with_for_update(read=True, of=Question))
    newest = (
        select(RegradeRequest)
        .join(judged, judged.c.question_id == RegradeRequest.question_id)
        .where(RegradeRequest.question_version > judged.c.version)
        .order_by(RegradeRequest.question_id, RegradeRequest.id.desc())
        .ext(distinct_on(RegradeRequest.question_id))
    )
    for request in session.execute(newest).scalars().all():
        session.add(
            RegradeRequest(
                question_id=request.question_id,
                question_version=request.question_version,
                requested_by=request.requested_by,
            )
        )
    session.flush()
