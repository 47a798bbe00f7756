"""Reads submissions, their answers and the questions these are about."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from functions.evaluation.ports import AnswerToGrade, FreeQuestion, RubricCriterion
from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Answer, Appeal, Grade, Submission
from shared.database.tables.questions import Question, QuestionSet


def set_language(question_set: QuestionSet, document_language: str | None) -> str | None:
    """The language the questions are in: the one that was asked for, or the document's."""
    wanted = question_set.parameters.get("language")
    return str(wanted) if wanted else document_language


def language_of_set(session: Session, question_set: QuestionSet) -> str | None:
    """The same, with the document looked up."""
    query = select(Document.language).where(Document.id == question_set.document_id)
    return set_language(question_set, session.execute(query).scalar())


def free_question(
    question: Question, question_set: QuestionSet, document_language: str | None
) -> FreeQuestion:
    """A short-answer question as the grader needs it."""
    return FreeQuestion(
        id=question.id,
        tenant_id=question_set.user_id,
        version=question.version,
        stem=question.stem,
        reference_answer=str(question.answer),
        rubric=tuple(
            RubricCriterion(one["id"], one["criterion"], float(one["points"]))
            for one in question.rubric
        ),
        source_page=question.source_page,
        source_label=question.source_label,
        source_quote=question.source_quote,
        language=set_language(question_set, document_language),
    )


def answers_to_grade(
    session: Session, answer_ids: Sequence[uuid.UUID], *conditions: Any
) -> list[AnswerToGrade]:
    """Free answers with the questions as they stand now, in the order of their ids."""
    query: Select[Answer, Question, QuestionSet, str | None] = (
        select(Answer, Question, QuestionSet, Document.language)
        .join(Question, Question.id == Answer.question_id)
        .join(QuestionSet, QuestionSet.id == Question.question_set_id)
        .join(Document, Document.id == QuestionSet.document_id)
        .where(Answer.id.in_(answer_ids), *conditions)
        .order_by(Answer.id)
    )
    return [
        AnswerToGrade(
            answer.id, free_question(question, question_set, language), str(answer.answer or "")
        )
        for answer, question, question_set, language in session.execute(query)
    ]


def answered_questions(session: Session, submission_id: uuid.UUID) -> list[tuple[Answer, Question]]:
    """A submission's answers with their questions, in the order they were handed in."""
    query = (
        select(Answer, Question)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.submission_id == submission_id)
        .order_by(Answer.position)
    )
    return [(answer, question) for answer, question in session.execute(query)]


def submissions_of_job(
    session: Session, job_id: uuid.UUID, *conditions: ColumnElement[bool]
) -> list[Submission]:
    """The submissions that a job grades: one, or those that a class handed in together."""
    query = select(Submission).where(Submission.job_id == job_id, *conditions)
    return list(session.execute(query.order_by(Submission.id)).scalars())


@dataclass(frozen=True)
class Totals:
    """The sums over all answers of a submission; `score` counts graded answers only."""

    answers: int = 0
    graded: int = 0
    blank: int = 0
    score: float = 0.0
    max_score: float = 0.0


def totals_of(session: Session, submission_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Totals]:
    """The totals of many submissions at once."""
    newest = (
        select(Grade.answer_id, Grade.score, Grade.verdict)
        .join(Answer, Answer.id == Grade.answer_id)
        .where(Answer.submission_id.in_(submission_ids))
        .order_by(Grade.answer_id, Grade.version.desc())
        .ext(distinct_on(Grade.answer_id))
        .subquery()
    )
    query = (
        select(
            Answer.submission_id,
            func.count(),
            func.count(newest.c.answer_id),
            func.count().filter(newest.c.verdict == "blank"),
            func.coalesce(func.sum(newest.c.score), 0.0),
            func.sum(Answer.max_score),
        )
        .outerjoin(newest, newest.c.answer_id == Answer.id)
        .where(Answer.submission_id.in_(submission_ids))
        .group_by(Answer.submission_id)
    )
    return {
        submission_id: Totals(answers, graded, blank, round(score, 2), round(max_score, 2))
        for submission_id, answers, graded, blank, score, max_score in session.execute(query)
    }


def newest_appeals(session: Session, submission_id: uuid.UUID) -> dict[uuid.UUID, Appeal]:
    """The newest appeal of each appealed answer of a submission, by the answer's id."""
    query = (
        select(Appeal)
        .join(Answer, Answer.id == Appeal.answer_id)
        .where(Answer.submission_id == submission_id)
        .order_by(Appeal.answer_id, Appeal.id.desc())
        .ext(distinct_on(Appeal.answer_id))
    )
    return {appeal.answer_id: appeal for appeal in session.execute(query).scalars()}
