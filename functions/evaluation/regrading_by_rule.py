"""Grades objective answers again by the question as it stands now."""

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.evaluation.grading import grade_by_rule
from functions.evaluation.ports import NewGrade
from functions.evaluation.regrading_store import AskedAgain, RegradeOrder, add_further_grade
from functions.evaluation.rules.answers import is_blank
from shared.database.tables.evaluation import Answer, Grade
from shared.database.tables.questions import Question, QuestionVersion


def regrade_objective(session: Session, asked: AskedAgain, order: RegradeOrder) -> int:
    """Grade answers to a question that rules grade. Returns how many grades changed.

    A grade that changes gets a further version. An answer that has no place in the question any
    more keeps its grade.
    """
    contents = _contents(session, asked.question.id)
    changed = 0
    for answer, before in asked.answers:
        given = _as_of_now(answer, asked.question, contents.get(answer.question_version))
        if given is None and not is_blank(answer.answer):
            continue
        fresh = grade_by_rule(answer.id, asked.question, given, asked.language, "answer")
        # The option's place counts in the version that the answer is of.
        answer.answer, answer.question_version = given, asked.question.version
        if differs(fresh, before):
            changed += 1
            add_further_grade(session, fresh, before, order)
    session.flush()
    return changed


def differs(fresh: NewGrade, before: Grade) -> bool:
    """Whether a rule's grade says anything else than the one before."""
    said = (before.score, before.max_score, before.verdict)
    return (fresh.score, fresh.max_score, fresh.verdict.value) != said


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
