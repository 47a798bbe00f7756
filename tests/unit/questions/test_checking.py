"""What a proposal must prove before anybody sees it."""

from typing import Any

import pytest

from functions.questions.drafts import DraftQuestion
from functions.questions.rules.checking import Checked, SourcePages, check
from functions.questions.rules.model import (
    Bloom,
    Difficulty,
    DocumentPage,
    QuestionType,
    Slot,
)

PAGES = [
    DocumentPage(4, "iv", "Insulin is made in the pancreas by the beta cells."),
    DocumentPage(5, "v", "It lowers the blood sug-\nar, and glucagon raises it again."),
]


def slot(kind: QuestionType, key_position: int | None = None) -> Slot:
    return Slot(1, kind, Difficulty.EASY, Bloom.REMEMBER, key_position)


def proposal(kind: QuestionType, **changes: Any) -> DraftQuestion:
    fields: dict[str, Any] = {
        "slot": 1,
        "type": kind.value,
        "stem": "Where is insulin made?",
        "page": 4,
        "quote": "Insulin is made in the pancreas",
        "explanation": "The beta cells of the pancreas make it.",
    }
    if kind is QuestionType.MCQ:
        fields |= {
            "options": ["pancreas", "liver", "kidney", "spleen"],
            "correct_option": 0,
            "option_feedback": ["yes", "stores sugar", "filters", "stores blood"],
        }
    if kind is QuestionType.FILL_BLANK:
        fields |= {"stem": "Insulin is made in the _____.", "accepted_answers": ["pancreas"]}
    if kind is QuestionType.TRUE_FALSE:
        fields |= {"correct_boolean": True}
    if kind is QuestionType.SHORT_ANSWER:
        fields |= {
            "reference_answer": "In the pancreas.",
            "rubric": [{"criterion": "Names the pancreas.", "points": 1}],
        }
    return DraftQuestion.model_validate(fields | changes)


def outcome(draft: DraftQuestion, wanted: Slot) -> Checked:
    return check([draft], [wanted], SourcePages(PAGES), "seed")


@pytest.mark.parametrize("kind", list(QuestionType))
def test_a_sound_proposal_passes_with_its_source(kind: QuestionType) -> None:
    (question,) = outcome(proposal(kind), slot(kind)).questions

    assert (question.source.page, question.source.label) == (4, "iv")
    assert PAGES[0].text[question.source.start : question.source.end] == question.source.quote


@pytest.mark.parametrize("position", range(4))
def test_the_key_goes_to_the_position_that_the_blueprint_dealt(position: int) -> None:
    wanted = slot(QuestionType.MCQ, position)

    (question,) = outcome(proposal(QuestionType.MCQ), wanted).questions

    assert question.answer == position
    assert question.options[position] == "pancreas"
    assert question.option_feedback[position] == "yes"
    assert question.option_feedback[question.options.index("kidney")] == "filters"


def test_a_quote_over_a_line_break_is_found() -> None:
    draft = proposal(QuestionType.TRUE_FALSE, quote="It lowers the blood sugar", page=5)

    (question,) = outcome(draft, slot(QuestionType.TRUE_FALSE)).questions

    assert question.source.start == 0


def test_a_wrong_page_is_repaired() -> None:
    draft = proposal(QuestionType.TRUE_FALSE, page=77)

    (question,) = outcome(draft, slot(QuestionType.TRUE_FALSE)).questions

    assert question.source.page == 4


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        (QuestionType.MCQ, {"quote": "Insulin is made in the liver"}, "quote_not_found"),
        (QuestionType.MCQ, {"quote": ""}, "quote_unusable"),
        (QuestionType.MCQ, {"stem": " "}, "stem_unusable"),
        (QuestionType.MCQ, {"type": "true_false"}, "wrong_type"),
        (QuestionType.MCQ, {"slot": 9}, "missing_item"),
        (QuestionType.MCQ, {"correct_option": 4}, "key_missing"),
        (QuestionType.MCQ, {"correct_option": None}, "key_missing"),
        (QuestionType.MCQ, {"options": ["pancreas", "liver"]}, "option_count"),
        (
            QuestionType.MCQ,
            {"options": ["pancreas", "Pancreas ", "liver", "kidney"]},
            "duplicate_option",
        ),
        (
            QuestionType.MCQ,
            {"options": ["pancreas", "liver", "kidney", "All of the above"]},
            "catch_all_option",
        ),
        (
            QuestionType.MCQ,
            {"options": ["the pancreas, where the beta cells live", "liver", "kidney", "skin"]},
            "key_by_length",
        ),
        (QuestionType.TRUE_FALSE, {"correct_boolean": None}, "key_missing"),
        (QuestionType.FILL_BLANK, {"stem": "Insulin is made somewhere."}, "gap_count"),
        (QuestionType.FILL_BLANK, {"stem": "_____ is made in the _____."}, "gap_count"),
        (QuestionType.FILL_BLANK, {"accepted_answers": []}, "key_missing"),
        (
            QuestionType.FILL_BLANK,
            {"stem": "The pancreas is the _____."},
            "key_in_stem",
        ),
        (QuestionType.SHORT_ANSWER, {"reference_answer": ""}, "key_missing"),
        (QuestionType.SHORT_ANSWER, {"rubric": []}, "rubric_unusable"),
        (
            QuestionType.SHORT_ANSWER,
            {"rubric": [{"criterion": "x", "points": 0}]},
            "rubric_unusable",
        ),
    ],
)
def test_an_unsound_proposal_is_dropped_with_its_reason(
    kind: QuestionType, changes: dict[str, Any], reason: str
) -> None:
    checked = outcome(proposal(kind, **changes), slot(kind))

    assert checked.questions == ()
    assert [one.reason for one in checked.rejections] == [reason]


def test_of_two_proposals_for_a_slot_the_first_counts() -> None:
    kind = QuestionType.TRUE_FALSE
    second = proposal(kind, stem="Another stem.")

    checked = check([proposal(kind), second], [slot(kind)], SourcePages(PAGES), "seed")

    assert [one.stem for one in checked.questions] == ["Where is insulin made?"]
