"""When a blind solution agrees with a key."""

import uuid
from typing import Any

import pytest

from functions.questions.drafts import Solution
from functions.questions.rules.model import (
    Bloom,
    Difficulty,
    Question,
    QuestionType,
    Slot,
    Source,
)
from functions.questions.rules.verification import review


def _question(kind: str, answer: Any) -> Question:
    return Question(
        id=uuid.uuid4(),
        slot=Slot(1, QuestionType(kind), Difficulty.EASY, Bloom.REMEMBER),
        stem="?",
        options=("a", "b", "c", "d") if kind == "mcq" else (),
        answer=answer,
        rubric=(),
        explanation="",
        option_feedback=(),
        source=Source(1, None, "quote", 0, 5),
    )


AGREED = (False, None)
DISAGREED = (True, "solver_disagrees")
UNDECIDED = (True, "solver_undecided")
REFERENCE = "Mitochondria make most of the energy of a cell."


@pytest.mark.parametrize(
    ("kind", "answer", "solution", "expected"),
    [
        ("mcq", 2, {"option": 2}, AGREED),
        ("mcq", 0, {"option": 0}, AGREED),
        ("mcq", 2, {"option": 1}, DISAGREED),
        ("mcq", 2, {}, UNDECIDED),
        ("true_false", False, {"boolean": False}, AGREED),
        ("true_false", False, {"boolean": True}, DISAGREED),
        ("true_false", True, {}, UNDECIDED),
        ("fill_blank", ("mitochondria", "mitochondrion"), {"text": "The Mitochondrion."}, AGREED),
        ("fill_blank", ("mitochondria",), {"text": "ribosome"}, DISAGREED),
        ("fill_blank", ("mitochondria",), {"text": "ribosomes and mitochondria or so"}, DISAGREED),
        ("fill_blank", ("mitochondria",), {"text": " "}, UNDECIDED),
        ("short_answer", REFERENCE, {"text": "The energy is made by mitochondria."}, AGREED),
        ("short_answer", REFERENCE, {"text": "Ribosomes join amino acids."}, DISAGREED),
        ("short_answer", REFERENCE, {}, UNDECIDED),
        ("short_answer", "細胞はエネルギーを作る。", {"text": "エネルギーを作る"}, AGREED),
    ],
)
def test_a_solution_is_held_against_the_key(
    kind: str, answer: Any, solution: dict[str, Any], expected: tuple[bool, str | None]
) -> None:
    (found,) = review([_question(kind, answer)], [Solution(id="x1", **solution)])

    assert (found.needs_review, found.reason) == expected


def test_an_item_that_was_left_out_is_not_verified() -> None:
    (found,) = review([_question("mcq", 1)], [Solution(id="x2", option=1)])

    assert (found.needs_review, found.reason) == (None, "not_solved")
