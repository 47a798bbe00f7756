"""Answers that say nothing earn nothing without a call; answers that might say something don't."""

import json
from pathlib import Path

import pytest

from functions.evaluation.rules.off_topic import ZeroReason, zero_by_rule

STEM = "Explain why the bulb does not light when switch X is open."
REFERENCE = "The open switch creates a gap in the path."
ANSWERS = Path(__file__).parents[2] / "files" / "graded_answers" / "beetle.jsonl"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, ZeroReason.BLANK),
        ("", ZeroReason.BLANK),
        (" \n\u200b", ZeroReason.BLANK),
        ("...", ZeroReason.MARKS_ONLY),
        ("?!", ZeroReason.MARKS_ONLY),
        ("。。。", ZeroReason.MARKS_ONLY),
        ("I don't know.", ZeroReason.SAYS_NOTHING),
        ('i don"t know', ZeroReason.SAYS_NOTHING),
        ("IDK", ZeroReason.SAYS_NOTHING),
        ("Je ne sais pas", ZeroReason.SAYS_NOTHING),
        ("не знаю", ZeroReason.SAYS_NOTHING),
        ("不知道", ZeroReason.SAYS_NOTHING),
        ("मुझे नहीं पता", ZeroReason.SAYS_NOTHING),
        ("لا أعرف", ZeroReason.SAYS_NOTHING),
        (STEM, ZeroReason.REPEATS_QUESTION),
        (STEM.upper(), ZeroReason.REPEATS_QUESTION),
        (f"{STEM} {STEM}", ZeroReason.REPEATS_QUESTION),
    ],
)
def test_an_answer_that_says_nothing_is_worth_nothing(
    answer: str | None, reason: ZeroReason
) -> None:
    assert zero_by_rule(answer, STEM, REFERENCE) is reason


@pytest.mark.parametrize(
    "answer",
    [
        "I don't know the word, but the path has a gap",
        f"{STEM} Because there is a gap.",
        "switch X is open",
        "∞",
        "≤",
        "7",
        "gap",
        "x > y",
        "光",
    ],
)
def test_an_answer_that_may_say_something_goes_to_the_model(answer: str) -> None:
    assert zero_by_rule(answer, STEM, REFERENCE) is None


def test_a_mark_that_the_reference_answer_holds_goes_to_the_model() -> None:
    assert zero_by_rule("%", "Which operator gives the rest?", "The modulo operator, %.") is None
    assert zero_by_rule("!", "Which mark negates?", "The exclamation mark !") is None


def test_a_question_that_is_its_own_answer_goes_to_the_model() -> None:
    stem = "Copy this sentence in full."
    assert zero_by_rule(stem, stem, stem) is None


def test_no_answer_that_earned_a_point_from_a_person_is_zeroed() -> None:
    with ANSWERS.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    zeroed = [
        row
        for row in rows
        if zero_by_rule(row["student_answer"], row["question"], row["reference_answer"])
    ]
    assert len(zeroed) > 100
    assert not [row for row in zeroed if row["score"] > 0]
