"""Grades choices, true/false and filled blanks against their key, at once and without a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from functions.evaluation.rules.answers import Verdict, is_blank, primary_language
from functions.evaluation.rules.fill_blank import FillBlankMatch, FillBlankRules, match_fill_blank
from shared.errors import InvalidRequest


class ObjectiveType(StrEnum):
    """Question types that a rule can grade."""

    MCQ = "mcq"
    TRUE_FALSE = "true_false"
    FILL_BLANK = "fill_blank"


@dataclass(frozen=True, slots=True)
class ObjectiveQuestion:
    """What grading needs to know: an option's index, a boolean or the accepted strings as `key`.

    `tolerance` is relative and for numbers in blanks; `fold_accents` None asks the language.
    """

    type: ObjectiveType
    key: int | bool | Sequence[str]
    option_count: int = 0
    max_score: float = 1.0
    language: str = "en"
    tolerance: float = 0.0
    fold_accents: bool | None = None


@dataclass(frozen=True, slots=True)
class ObjectiveGrade:
    """Facts for feedback: `given` is what was compared, `match` the accepted form it equals."""

    score: float
    max_score: float
    verdict: Verdict
    given: int | bool | str | None
    match: FillBlankMatch | None = None


def grade_objective(
    question: ObjectiveQuestion, answer: Any, field: str = "answer"
) -> ObjectiveGrade:
    """Grade one answer; null, "" and white space are blank.

    Raises InvalidRequest with code `invalid_answer` naming `field` where the answer's JSON type or
    range doesn't fit, and ValueError where the key itself doesn't fit the question's type.
    """
    if is_blank(answer):
        return ObjectiveGrade(0.0, question.max_score, Verdict.BLANK, None)
    match question.type:
        case ObjectiveType.MCQ:
            return _grade_choice(question, answer, field)
        case ObjectiveType.TRUE_FALSE:
            return _grade_true_false(question, answer, field)
        case ObjectiveType.FILL_BLANK:
            return _grade_blank(question, answer, field)


def _grade_choice(question: ObjectiveQuestion, answer: Any, field: str) -> ObjectiveGrade:
    if not _is_index(question.key, question.option_count):
        raise _bad_key("the key of a choice is the index of one of its options")
    if not _is_index(answer, question.option_count):
        last = question.option_count - 1
        raise _invalid(field, f"must be the index of an option, an integer from 0 to {last}")
    return _grade(question, answer, right=answer == question.key)


def _grade_true_false(question: ObjectiveQuestion, answer: Any, field: str) -> ObjectiveGrade:
    if not isinstance(question.key, bool):
        raise _bad_key("the key of a true/false question is a boolean")
    if not isinstance(answer, bool):
        raise _invalid(field, "must be true or false")
    return _grade(question, answer, right=answer is question.key)


def _grade_blank(question: ObjectiveQuestion, answer: Any, field: str) -> ObjectiveGrade:
    if isinstance(question.key, int | str) or not question.key:
        raise _bad_key("the key of a blank is the list of its accepted strings")
    if not isinstance(answer, str):
        raise _invalid(field, "must be a string")
    rules = FillBlankRules(
        primary_language(question.language), question.tolerance, question.fold_accents
    )
    match = match_fill_blank(tuple(question.key), answer, rules)
    return _grade(question, answer, right=match is not None, match=match)


def _grade(
    question: ObjectiveQuestion,
    given: int | bool | str,
    *,
    right: bool,
    match: FillBlankMatch | None = None,
) -> ObjectiveGrade:
    score = question.max_score if right else 0.0
    verdict = Verdict.CORRECT if right else Verdict.INCORRECT
    return ObjectiveGrade(score, question.max_score, verdict, given, match)


def _is_index(value: Any, count: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < count


def _invalid(field: str, message: str) -> InvalidRequest:
    return InvalidRequest.field(field, message, code="invalid_answer")


def _bad_key(message: str) -> ValueError:
    return ValueError(message)
