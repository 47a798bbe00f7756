"""Grades objective answers again after a teacher has edited the question or its key.

The questions service leaves a request in the edit's own transaction; it is handled when grades of
the set are read next, or by the scheduled sweep, whichever comes first. A person's grade stands.
Free answers keep the grade of the version they were judged by; their learners may appeal.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from functions.evaluation.grade_store import add_version
from functions.evaluation.grading import grade_by_rule
from functions.evaluation.ports import NewGrade
from functions.evaluation.reading import set_language
from functions.evaluation.rules.answers import is_blank
from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Answer, Grade
from shared.database.tables.questions import (
    Question,
    QuestionSet,
    QuestionVersion,
    RegradeRequest,
)

EDITED = "The question was edited."


@dataclass(frozen=True)
class Regraded:
    """What a regrading did: answers looked at, and those whose grade changed."""

    answers: int
    changed: int


def handle_requests(
    session: Session, question_set_id: uuid.UUID | None = None, limit: int = 20
) -> list[Regraded]:
    """Handle open requests, of one set or of all, the oldest first.

    A request that another transaction is handling is left to it.
    """
    query = (
        select(RegradeRequest)
        .where(RegradeRequest.handled_at.is_(None))
        .order_by(RegradeRequest.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=RegradeRequest)
    )
    if question_set_id is not None:
        query = query.join(Question, Question.id == RegradeRequest.question_id).where(
            Question.question_set_id == question_set_id
        )
    done = []
    for request in session.execute(query).scalars().all():
        done.append(regrade(session, request.question_id, request.requested_by, EDITED))
        request.handled_at = datetime.now(UTC)
    session.flush()
    return done


def regrade(
    session: Session, question_id: uuid.UUID, by_user: uuid.UUID | None, reason: str
) -> Regraded:
    """Grade the answers to an objective question by the question as it stands now.

    A grade that changes gets a further version, with who edited the question and why.
    """
    question, question_set, language = _question(session, question_id)
    if question.type == "short_answer":
        return Regraded(0, 0)
    answers = _answers_of_older_versions(session, question)
    contents = _contents(session, question_id)
    changed = 0
    for answer, grade in answers:
        given = _as_of_now(answer, question, contents.get(answer.question_version))
        if given is None and not is_blank(answer.answer):
            continue
        fresh = grade_by_rule(
            answer.id, question, given, set_language(question_set, language), "answer"
        )
        answer.question_version = question.version
        if fresh.score != grade.score or fresh.verdict != grade.verdict:
            changed += 1
            add_version(session, _with_reason(fresh, grade, by_user, reason))
    session.flush()
    return Regraded(len(answers), changed)


def _question(session: Session, question_id: uuid.UUID) -> tuple[Question, QuestionSet, str | None]:
    question, question_set, language = session.execute(
        select(Question, QuestionSet, Document.language)
        .join(QuestionSet, QuestionSet.id == Question.question_set_id)
        .join(Document, Document.id == QuestionSet.document_id)
        .where(Question.id == question_id)
    ).one()
    return question, question_set, language


def _answers_of_older_versions(session: Session, question: Question) -> list[tuple[Answer, Grade]]:
    rows = session.execute(
        select(Answer, Grade)
        .join(Grade, Grade.answer_id == Answer.id)
        .where(Answer.question_id == question.id, Answer.question_version < question.version)
        .order_by(Answer.id, Grade.version.desc())
        .ext(distinct_on(Answer.id))
    )
    return [(answer, grade) for answer, grade in rows if grade.source != "human"]


def _contents(session: Session, question_id: uuid.UUID) -> dict[int, dict[str, Any]]:
    rows = session.execute(
        select(QuestionVersion).where(QuestionVersion.question_id == question_id)
    ).scalars()
    return {row.version: row.content for row in rows}


def _as_of_now(answer: Answer, question: Question, before: dict[str, Any] | None) -> Any:
    """The answer in terms of the question's present options; None where it has no place there.

    An option is found again by its text, or by its place where only wording was edited.
    """
    given = answer.answer
    if question.type != "mcq" or before is None or is_blank(given):
        return given
    options: list[str] = before.get("options", question.options)
    if not 0 <= given < len(options):
        return None
    if options[given] in question.options:
        return question.options.index(options[given])
    replaced = [option for option in question.options if option not in options]
    same_place = len(options) == len(question.options) and question.options[given] in replaced
    return given if same_place else None


def _with_reason(
    fresh: NewGrade, before: Grade, by_user: uuid.UUID | None, reason: str
) -> NewGrade:
    provenance = {
        **fresh.provenance,
        "regraded": reason,
        "by": str(by_user) if by_user else None,
        "replaced_version": before.version,
        "replaced_score": before.score,
        "graded_at": datetime.now(UTC).isoformat(),
    }
    return replace(fresh, provenance=provenance)
