"""The model judges, the code counts, and only words of the learner carry a point."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.rules.answers import Verdict
from functions.evaluation.rules.reply_checking import CriterionJudgement
from functions.evaluation.rules.scoring import (
    Criterion,
    CriterionStanding,
    evidence_stands_in,
    score_free_answer,
)

ANSWER = "The plant takes light, and turns it into sugar; oxygen leaves through the stomata."
RUBRIC = (Criterion("c1", 1.0), Criterion("c2", 0.5), Criterion("c3", 0.5))


def met(criterion_id: str, evidence: str) -> CriterionJudgement:
    return CriterionJudgement(criterion_id, met=True, evidence=evidence)


def not_met(criterion_id: str) -> CriterionJudgement:
    return CriterionJudgement(criterion_id, met=False, evidence="")


def test_points_of_met_criteria_are_added() -> None:
    judgements = [met("c1", "takes light"), met("c2", "oxygen leaves"), not_met("c3")]
    grade = score_free_answer(RUBRIC, judgements, ANSWER)
    assert (grade.score, grade.max_score, grade.verdict) == (1.5, 2.0, Verdict.PARTIAL)
    assert grade.flags == ()


def test_all_criteria_make_it_correct_and_none_incorrect() -> None:
    everything = [met(criterion.id, "light") for criterion in RUBRIC]
    nothing = [not_met(criterion.id) for criterion in RUBRIC]
    assert score_free_answer(RUBRIC, everything, ANSWER).verdict is Verdict.CORRECT
    assert score_free_answer(RUBRIC, nothing, ANSWER).verdict is Verdict.INCORRECT


def test_a_criterion_whose_evidence_is_not_in_the_answer_does_not_count() -> None:
    judgements = [met("c1", "chlorophyll absorbs light"), met("c2", "light"), not_met("c3")]
    grade = score_free_answer(RUBRIC, judgements, ANSWER)
    assert grade.score == 0.5
    assert grade.criteria[0].standing is CriterionStanding.EVIDENCE_NOT_IN_ANSWER
    assert grade.criteria[0].evidence == ""
    assert grade.flags == ("evidence_not_in_answer",)


@pytest.mark.parametrize("evidence", ["", "   ", "...", "…", "!?"])
def test_empty_evidence_carries_no_point(evidence: str) -> None:
    judgements = [met("c1", evidence), not_met("c2"), not_met("c3")]
    assert score_free_answer(RUBRIC, judgements, ANSWER).score == 0.0


def test_a_criterion_judged_twice_or_never_does_not_count_and_is_flagged() -> None:
    judgements = [met("c1", "light"), met("c1", "light"), met("c2", "light")]
    grade = score_free_answer(RUBRIC, judgements, ANSWER)
    assert grade.score == 0.5
    assert grade.flags == ("judged_twice", "not_judged")


def test_a_criterion_of_no_rubric_adds_nothing() -> None:
    grade = score_free_answer(RUBRIC, [met("bonus", "light")], ANSWER)
    assert grade.score == 0.0


def test_the_score_is_clamped_to_the_maximum() -> None:
    judgements = [met(criterion.id, "light") for criterion in RUBRIC]
    assert score_free_answer(RUBRIC, judgements, ANSWER, max_score=1.0).score == 1.0


def test_points_are_rounded_half_up_to_hundredths() -> None:
    rubric = [Criterion("c1", 0.125), Criterion("c2", 1.0)]
    assert score_free_answer(rubric, [met("c1", "light")], ANSWER).score == 0.13


def test_thirds_add_up_to_the_maximum() -> None:
    rubric = [Criterion(f"c{number}", 1 / 3) for number in range(3)]
    judgements = [met(criterion.id, "light") for criterion in rubric]
    grade = score_free_answer(rubric, judgements, ANSWER)
    assert (grade.score, grade.max_score, grade.verdict) == (1.0, 1.0, Verdict.CORRECT)


def test_suspicions_become_flags_and_never_change_the_score() -> None:
    judgements = [met("c1", "light"), not_met("c2"), not_met("c3")]
    grade = score_free_answer(RUBRIC, judgements, ANSWER, suspicions=["instruction_like"])
    assert grade.score == 1.0
    assert grade.flags == ("instruction_like",)


@pytest.mark.parametrize(
    "rubric",
    [
        [],
        [Criterion("c1", 1.0), Criterion("c1", 1.0)],
        [Criterion("c1", -1.0)],
        [Criterion("c1", float("nan"))],
        [Criterion("c1", float("inf"))],
        [Criterion("c1", 0.0)],
    ],
)
def test_a_rubric_that_does_not_add_up_is_refused(rubric: list[Criterion]) -> None:
    with pytest.raises(ValueError, match=r"rubric|criterion|points|maximum"):
        score_free_answer(rubric, [], ANSWER)


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        ("TAKES LIGHT", ANSWER),
        ("takes light and turns", ANSWER),
        ("takes light ... oxygen leaves", ANSWER),
        ("“oxygen leaves”", ANSWER),
        ("it’s warm", "it's warm"),
        ("cafe\u0301", "the café"),
        ("光合作用", "植物的光合作用需要光"),
        ("ガス", "酸素ｶﾞｽ"),
        ("ток течёт", "Ток  течёт по цепи"),
        ("दिन", "दिन लंबा है"),
    ],
)
def test_evidence_is_found_however_it_is_typed(evidence: str, answer: str) -> None:
    assert evidence_stands_in(evidence, answer)


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        ("light takes", ANSWER),
        ("oxygen leaves ... takes light", ANSWER),
        ("art", "it starts"),
        ("he plant", ANSWER),
        ("दान", "दिन लंबा है"),
        ("sugar into light", ANSWER),
        ("light", ""),
    ],
)
def test_words_that_are_not_there_are_not_found(evidence: str, answer: str) -> None:
    assert not evidence_stands_in(evidence, answer)


judgements = st.lists(
    st.builds(
        CriterionJudgement,
        id=st.sampled_from(["c1", "c2", "c3", "c4"]),
        met=st.booleans(),
        evidence=st.sampled_from(["light", "sugar", "nonsense", ""]) | st.text(max_size=20),
    ),
    max_size=8,
)


@given(judgements, st.text(max_size=80), st.floats(0.1, 10))
def test_no_score_leaves_its_range(
    given_judgements: list[CriterionJudgement], answer: str, maximum: float
) -> None:
    grade = score_free_answer(RUBRIC, given_judgements, answer, max_score=maximum)
    assert 0.0 <= grade.score <= grade.max_score


@given(judgements)
def test_one_more_met_criterion_never_lowers_a_score(
    given_judgements: list[CriterionJudgement],
) -> None:
    rest = [judgement for judgement in given_judgements if judgement.id != "c1"]
    less = score_free_answer(RUBRIC, [*rest, not_met("c1")], ANSWER).score
    assert score_free_answer(RUBRIC, [*rest, met("c1", "light")], ANSWER).score >= less
