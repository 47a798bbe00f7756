"""Holds a blind solution against a question's key."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.questions.drafts import Solution
from functions.questions.rules.model import Question, QuestionType
from functions.questions.rules.similarity import content_words

# A right answer in other words shares some words with the reference answer; one on another matter
# shares hardly any.
_SAME_ANSWER = 0.3


@dataclass(frozen=True)
class Review:
    """What a blind solve says of a question; `needs_review` is None where there was none."""

    question_id: uuid.UUID
    needs_review: bool | None
    reason: str | None


def item_id(question: Question) -> str:
    """What a question is called in the solver's request."""
    return f"x{question.slot.number}"


def review(questions: Sequence[Question], solutions: Sequence[Solution]) -> list[Review]:
    """For each question whether the blind solution disagrees with its key."""
    by_item: Mapping[str, Solution] = {one.id: one for one in reversed(solutions)}
    return [_review(question, by_item.get(item_id(question))) for question in questions]


def unverified(questions: Sequence[Question], reason: str) -> list[Review]:
    """The questions as they are where the blind solve could not be made."""
    return [Review(question.id, None, reason) for question in questions]


def _review(question: Question, solution: Solution | None) -> Review:
    if solution is None:
        return Review(question.id, None, "not_solved")
    if _is_empty(question, solution):
        return Review(question.id, True, "solver_undecided")
    if not _agrees(question, solution):
        return Review(question.id, True, "solver_disagrees")
    return Review(question.id, False, None)


def _is_empty(question: Question, solution: Solution) -> bool:
    match question.slot.type:
        case QuestionType.MCQ:
            return solution.option is None
        case QuestionType.TRUE_FALSE:
            return solution.boolean is None
        case _:
            return not (solution.text or "").strip()


def _agrees(question: Question, solution: Solution) -> bool:
    match question.slot.type:
        case QuestionType.MCQ:
            return solution.option == question.answer
        case QuestionType.TRUE_FALSE:
            return solution.boolean == question.answer
        case QuestionType.FILL_BLANK:
            assert isinstance(question.answer, tuple)  # noqa: S101
            return any(_says(solution.text or "", accepted) for accepted in question.answer)
        case QuestionType.SHORT_ANSWER:
            return _is_like(solution.text or "", str(question.answer))


def _says(text: str, accepted: str) -> bool:
    given, wanted = content_words(text), content_words(accepted)
    return given == wanted or (bool(wanted) and wanted <= given and len(given) <= len(wanted) + 1)


def _is_like(text: str, reference: str) -> bool:
    given, wanted = content_words(text), content_words(reference)
    return len(given & wanted) >= _SAME_ANSWER * min(len(given), len(wanted))
