"""Of a model's reply only what was asked for is taken; the rest is asked again or reported."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.rules.reply_checking import (
    MAX_FEEDBACK_CHARACTERS,
    ReplyProblem,
    check_reply,
)

SENT = {"k1": ["c1", "c2"], "k2": ["c1"]}


def judged(answer_id: str, *criterion_ids: str, met: bool = True) -> dict[str, Any]:
    criteria = [{"id": each, "met": met, "evidence": "its words"} for each in criterion_ids]
    return {"id": answer_id, "criteria": criteria, "feedback": "Read page 7."}


def test_a_complete_reply_is_accepted_in_the_order_of_the_rubric() -> None:
    checked = check_reply(SENT, {"answers": [judged("k2", "c1"), judged("k1", "c2", "c1")]})
    assert list(checked.accepted) == ["k1", "k2"]
    assert [criterion.id for criterion in checked.accepted["k1"].criteria] == ["c1", "c2"]
    assert not checked.ask_again
    assert checked.strange_ids == ()


def test_a_missing_id_is_asked_again() -> None:
    checked = check_reply(SENT, {"answers": [judged("k1", "c1", "c2")]})
    assert checked.ask_again == {"k2": ReplyProblem.MISSING}


def test_a_doubled_id_is_asked_again_and_neither_judgement_is_taken() -> None:
    answers = [judged("k2", "c1"), judged("k1", "c1", "c2"), judged("k2", "c1", met=False)]
    checked = check_reply(SENT, {"answers": answers})
    assert list(checked.accepted) == ["k1"]
    assert checked.ask_again == {"k2": ReplyProblem.DOUBLED}


def test_a_strange_id_is_reported_and_moves_nothing() -> None:
    answers = [judged("k1", "c1", "c2"), judged("k2", "c1"), judged("k9", "c1")]
    checked = check_reply(SENT, {"answers": answers})
    assert list(checked.accepted) == ["k1", "k2"]
    assert checked.strange_ids == ("k9",)


def test_a_missing_criterion_is_asked_again() -> None:
    checked = check_reply(SENT, {"answers": [judged("k1", "c1"), judged("k2", "c1")]})
    assert checked.ask_again == {"k1": ReplyProblem.CRITERION_MISSING}


def test_a_doubled_criterion_is_asked_again() -> None:
    checked = check_reply(SENT, {"answers": [judged("k1", "c1", "c2", "c1"), judged("k2", "c1")]})
    assert checked.ask_again == {"k1": ReplyProblem.CRITERION_DOUBLED}


def test_a_criterion_nobody_asked_for_is_left_out() -> None:
    checked = check_reply({"k2": ["c1"]}, {"answers": [judged("k2", "c1", "bonus")]})
    assert [criterion.id for criterion in checked.accepted["k2"].criteria] == ["c1"]


@pytest.mark.parametrize("met", ["true", 1, None, [], {}])
def test_met_must_be_a_boolean(met: object) -> None:
    reply = {"answers": [{"id": "k2", "criteria": [{"id": "c1", "met": met, "evidence": ""}]}]}
    assert check_reply({"k2": ["c1"]}, reply).ask_again == {"k2": ReplyProblem.MALFORMED}


@pytest.mark.parametrize("reply", [None, [], "{}", 7, {}, {"answers": None}, {"answers": {}}])
def test_a_reply_of_another_shape_asks_for_everything_again(reply: object) -> None:
    checked = check_reply(SENT, reply)
    assert checked.ask_again == {"k1": ReplyProblem.MISSING, "k2": ReplyProblem.MISSING}


def test_feedback_is_shortened_and_loses_control_characters() -> None:
    entry = judged("k2", "c1") | {"feedback": "Go\u202eod\x00\x1b[31m." + "x" * 5_000}
    feedback = check_reply({"k2": ["c1"]}, {"answers": [entry]}).accepted["k2"].feedback
    assert feedback.startswith("Good[31m.")
    assert len(feedback) == MAX_FEEDBACK_CHARACTERS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.sampled_from(["answers", "id", "criteria", "met", "evidence", "x"]), children
        )
    ),
    max_leaves=30,
)
entries = st.fixed_dictionaries(
    {"id": st.sampled_from(["k1", "k2", "k3"]) | json_values},
    optional={"criteria": st.just(judged("k1", "c1", "c2")["criteria"]) | json_values},
)


@given(json_values | st.fixed_dictionaries({"answers": st.lists(entries, max_size=5)}))
def test_whatever_comes_back_each_id_is_accepted_or_asked_again(reply: Any) -> None:
    checked = check_reply(SENT, reply)
    assert sorted([*checked.accepted, *checked.ask_again]) == sorted(SENT)
    assert not set(checked.strange_ids) & set(SENT)
