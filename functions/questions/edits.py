"""Checks what a teacher changes in a question, by the same rules that the model's work passes."""

from typing import Any

from functions.questions.rows import CONTENT
from functions.questions.rules.checking import BLANK
from functions.questions.schemas import EditQuestionBody
from shared.database.tables.questions import Question
from shared.errors import InvalidRequest

# What one type of question has, and no other.
_ONLY_OF = {"options": "mcq", "option_feedback": "mcq", "rubric": "short_answer"}


def changed_content(
    question: Question, body: EditQuestionBody
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The question's content before and after the change.

    Raises InvalidRequest naming the field that would leave the question without a sound key, or
    that questions of this type don't have.
    """
    before = {name: getattr(question, name) for name in CONTENT}
    change = body.model_dump(mode="json", exclude_none=True)
    after = {**before, **change}
    for name, kind in _ONLY_OF.items():
        if question.type != kind and after[name] != before[name]:
            raise InvalidRequest.field(name, f"a question of type {question.type} has none")
    check = {
        "mcq": _check_choice,
        "true_false": _check_boolean,
        "fill_blank": _check_gap,
        "short_answer": _check_reference,
    }[question.type]
    check(after)
    return before, after


def changes_the_key(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether an answer could be graded otherwise now, by rule or by the model."""
    return any(before[name] != after[name] for name in ("answer", "options", "rubric"))


def _check_choice(content: dict[str, Any]) -> None:
    options, answer = content["options"], content["answer"]
    folded = {" ".join(str(option).casefold().split()) for option in options}
    if not 2 <= len(options) <= 8 or len(folded) != len(options) or "" in folded:
        raise InvalidRequest.field("options", "two to eight different options are needed")
    if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer < len(options):
        raise InvalidRequest.field("answer", "must be the index of an option, from 0")
    if content["option_feedback"] and len(content["option_feedback"]) != len(options):
        raise InvalidRequest.field("option_feedback", "must have one text for each option")


def _check_boolean(content: dict[str, Any]) -> None:
    if not isinstance(content["answer"], bool):
        raise InvalidRequest.field("answer", "must be true or false")


def _check_gap(content: dict[str, Any]) -> None:
    accepted = content["answer"]
    if content["stem"].count(BLANK) != 1:
        raise InvalidRequest.field("stem", f"must hold exactly one gap, written {BLANK}")
    if not isinstance(accepted, list) or not accepted or not all(str(a).strip() for a in accepted):
        raise InvalidRequest.field("answer", "must be the list of accepted strings")


def _check_reference(content: dict[str, Any]) -> None:
    if not isinstance(content["answer"], str) or not content["answer"].strip():
        raise InvalidRequest.field("answer", "must be the reference answer")
    rubric = content["rubric"]
    if not rubric or any(not 0 < one["points"] <= 10 for one in rubric):
        raise InvalidRequest.field("rubric", "needs criteria with more than 0, at most 10 points")
    if len({one["id"] for one in rubric}) != len(rubric):
        raise InvalidRequest.field("rubric", "needs a different id for each criterion")
