"""Grades in PostgreSQL: the newest version is in force, the others are its history."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Float,
    Integer,
    Uuid,
    Values,
    cast,
    column,
    func,
    select,
    tuple_,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on, insert
from sqlalchemy.orm import Session

from functions.evaluation.ports import NewGrade
from shared.database.tables.evaluation import Answer, Grade
from shared.identifiers import new_id


def add_first_grades(session: Session, grades: Sequence[NewGrade]) -> list[Grade]:
    """Store first grades; an answer that has one keeps it. As rows, for who shows them at once."""
    rows = [_row(grade, version=1) for grade in grades]
    if rows:
        session.execute(insert(Grade).on_conflict_do_nothing(), rows)
    return [Grade(**row) for row in rows]


def add_version(session: Session, grade: NewGrade) -> Grade:
    """Store a further grade of an answer, which is in force from now on."""
    session.execute(select(Answer.id).where(Answer.id == grade.answer_id).with_for_update())
    newest = session.execute(
        select(func.max(Grade.version)).where(Grade.answer_id == grade.answer_id)
    ).scalar()
    row = Grade(**_row(grade, version=(newest or 0) + 1))
    session.add(row)
    session.flush()
    note_on_answer(session, grade)
    return row


def grades_in_force(session: Session, submission_id: uuid.UUID) -> dict[uuid.UUID, Grade]:
    """For each graded answer of a submission its newest grade."""
    query = (
        select(Grade)
        .join(Answer, Answer.id == Grade.answer_id)
        .where(Answer.submission_id == submission_id)
        .order_by(Grade.answer_id, Grade.version.desc())
        .ext(distinct_on(Grade.answer_id))
    )
    return {grade.answer_id: grade for grade in session.execute(query).scalars()}


def newest_grades(session: Session, answer_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Grade]:
    """The grades in force of these answers."""
    query = (
        select(Grade)
        .where(Grade.answer_id.in_(list(answer_ids)))
        .order_by(Grade.answer_id, Grade.version.desc())
        .ext(distinct_on(Grade.answer_id))
    )
    return {grade.answer_id: grade for grade in session.execute(query).scalars()}


def newest_grade(session: Session, answer_id: uuid.UUID) -> Grade | None:
    """The grade of an answer that is in force."""
    query = select(Grade).where(Grade.answer_id == answer_id).order_by(Grade.version.desc())
    return session.execute(query.limit(1)).scalar_one_or_none()


def history(session: Session, answer_id: uuid.UUID) -> list[Grade]:
    """Every grade of an answer, the first one first."""
    query = select(Grade).where(Grade.answer_id == answer_id).order_by(Grade.version)
    return list(session.execute(query).scalars())


def grade_events(session: Session, answer_ids: Iterable[uuid.UUID]) -> list[dict[str, Any]]:
    """What is told of fresh grades while an evaluation runs."""
    query = (
        select(Answer.submission_id, Answer.question_id, Grade)
        .join(Grade, Grade.answer_id == Answer.id)
        .where(Answer.id.in_(list(answer_ids)))
        .order_by(Answer.submission_id, Answer.position, Grade.answer_id, Grade.version.desc())
        .ext(distinct_on(Answer.submission_id, Answer.position, Grade.answer_id))
    )
    return [
        {
            "submission_id": str(submission_id),
            "question_id": str(question_id),
            "score": grade.score,
            "max_score": grade.max_score,
            "verdict": grade.verdict,
            "feedback": grade.feedback,
            "source": grade.source,
        }
        for submission_id, question_id, grade in session.execute(query)
    ]


def _row(grade: NewGrade, version: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "answer_id": grade.answer_id,
        "version": version,
        "score": grade.score,
        "max_score": grade.max_score,
        "verdict": grade.verdict.value,
        "feedback": grade.feedback,
        "criteria": list(grade.criteria),
        "source": grade.source,
        "provenance": dict(grade.provenance),
    }


def note_on_answer(session: Session, grade: NewGrade) -> None:
    """Let the answer show its grade's flags, and by which version of the question it was judged.

    A question may be edited between a submission and its grading.
    """
    note_on_answers(session, [grade])


def note_on_answers(session: Session, grades: Sequence[NewGrade]) -> None:
    """As `note_on_answer`, of many at once. Answers that show it all already stay untouched."""
    if not grades:
        return
    noted = _noted(grades)
    # Cast, because a column of nothing but nulls has no type of its own.
    version = func.coalesce(cast(noted.c.question_version, Integer), Answer.question_version)
    flags = func.coalesce(cast(noted.c.flags, JSONB), Answer.flags)
    shown = tuple_(Answer.max_score, Answer.question_version, Answer.flags)
    session.execute(
        update(Answer)
        .where(Answer.id == noted.c.id)
        .where(shown.is_distinct_from(tuple_(noted.c.max_score, version, flags)))
        .values(max_score=noted.c.max_score, question_version=version, flags=flags)
        .execution_options(synchronize_session="fetch")
    )


def _noted(grades: Sequence[NewGrade]) -> Values:
    """What is noted on each answer; null where it stays as it is."""
    columns = (
        column("id", Uuid),
        column("max_score", Float),
        column("question_version", Integer),
        column("flags", JSONB(none_as_null=True)),
    )
    return values(*columns, name="noted").data(
        [
            (
                one.answer_id,
                one.max_score,
                one.provenance.get("question_version"),
                sorted(one.flags) or None,
            )
            for one in grades
        ]
    )
