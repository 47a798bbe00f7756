"""Grades that a person gives: a further version, and the grade of equal answers from now on."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from functions.evaluation.appeal_store import complete_if_graded
from functions.evaluation.feedback import points_feedback
from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.grade_store import add_version, newest_grade
from functions.evaluation.ports import AnswerToGrade, NewGrade
from functions.evaluation.reading import answers_to_grade
from functions.evaluation.rules.answers import Verdict
from shared.database.tables.evaluation import Grade
from shared.database.tables.questions import Question
from shared.sessions import Caller


class PersonGrades:
    """What a person decides about grades, within one session."""

    def __init__(self, session: Session, cache: GradeCache) -> None:
        self._session = session
        self._cache = cache

    def set(self, grade: NewGrade, question: Question) -> Grade:
        """Let a person's grade be in force."""
        previous = newest_grade(self._session, grade.answer_id)
        if previous is not None:
            replaced = {"replaced_version": previous.version, "replaced_score": previous.score}
            grade = _with(grade, replaced)
        row = add_version(self._session, grade)
        complete_if_graded(self._session, grade.answer_id)
        self._serve_to_equal_answers(grade, question)
        return row

    def confirm(self, grade: Grade, question: Question, caller: Caller) -> None:
        """Let a grade stand that a person has looked at."""
        kept = NewGrade(
            answer_id=grade.answer_id,
            score=grade.score,
            max_score=grade.max_score,
            verdict=Verdict(grade.verdict),
            feedback=grade.feedback,
            source="human",
            criteria=tuple(grade.criteria),
            provenance={**grade.provenance, "confirmed_by": str(caller.user_id)},
        )
        self._serve_to_equal_answers(kept, question)

    def _serve_to_equal_answers(self, grade: NewGrade, question: Question) -> None:
        """Only of the question as it stands: an edit's regrading judges anew."""
        if question.type != "short_answer":
            return
        [answer] = answers_to_grade(self._session, [grade.answer_id])
        judged = grade.provenance.get("question_version", answer.question.version)
        if answer.text.strip() and judged == answer.question.version:
            self._cache.replace(answer, _without_reason(answer, grade))


def by_person(grade: NewGrade, caller: Caller, reason: str, **more: Any) -> NewGrade:
    """The grade as the caller's own, with the reason."""
    own = {"by": str(caller.user_id), "reason": reason, "graded_at": datetime.now(UTC).isoformat()}
    return replace(_with(grade, {**own, **more}), source="human")


def _with(grade: NewGrade, added: Mapping[str, Any]) -> NewGrade:
    return replace(grade, provenance={**grade.provenance, **added}, flags=())


def _without_reason(answer: AnswerToGrade, grade: NewGrade) -> NewGrade:
    """Where the reason was the feedback, equal answers read their points instead: the reason may
    be about this learner."""
    if grade.feedback != grade.provenance.get("reason"):
        return grade
    told = points_feedback(
        grade.score,
        grade.max_score,
        text=answer.text,
        page=answer.question.page,
        language=answer.question.language,
    )
    return replace(grade, feedback=told)
