"""Objective questions are graded by rule: right is right however typed, opposites never are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.rules.answers import Verdict, is_blank
from functions.evaluation.rules.objective import (
    ObjectiveQuestion,
    ObjectiveType,
    grade_objective,
)
from shared.errors import InvalidRequest


def verdict_of_blank(accepted: str, answer: str, language: str = "en", **rules: object) -> Verdict:
    question = ObjectiveQuestion(
        ObjectiveType.FILL_BLANK,
        [accepted],
        language=language,
        **rules,  # type: ignore[arg-type]
    )
    return grade_objective(question, answer).verdict


CHOICE = ObjectiveQuestion(ObjectiveType.MCQ, 2, option_count=4, max_score=2.0)
TRUTH = ObjectiveQuestion(ObjectiveType.TRUE_FALSE, False)
BLANK = ObjectiveQuestion(ObjectiveType.FILL_BLANK, ["mitochondrion", "mitochondria"])


def test_the_right_option_earns_the_maximum() -> None:
    grade = grade_objective(CHOICE, 2)
    assert (grade.score, grade.max_score, grade.verdict) == (2.0, 2.0, Verdict.CORRECT)


def test_a_wrong_option_earns_nothing() -> None:
    assert grade_objective(CHOICE, 0).verdict is Verdict.INCORRECT
    assert grade_objective(CHOICE, 0).score == 0.0


def test_false_is_an_answer_and_not_a_blank() -> None:
    assert grade_objective(TRUTH, False).verdict is Verdict.CORRECT
    assert grade_objective(TRUTH, True).verdict is Verdict.INCORRECT


def test_option_zero_is_an_answer_and_not_a_blank() -> None:
    question = ObjectiveQuestion(ObjectiveType.MCQ, 0, option_count=2)
    assert grade_objective(question, 0).verdict is Verdict.CORRECT


@pytest.mark.parametrize("question", [CHOICE, TRUTH, BLANK])
@pytest.mark.parametrize("answer", [None, "", "  \n\t", "\u200b\ufeff", "\u00a0"])
def test_nothing_visible_is_blank(question: ObjectiveQuestion, answer: object) -> None:
    grade = grade_objective(question, answer)
    assert (grade.score, grade.verdict) == (0.0, Verdict.BLANK)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (CHOICE, True),
        (CHOICE, "2"),
        (CHOICE, 2.0),
        (CHOICE, 4),
        (CHOICE, -1),
        (CHOICE, [2]),
        (TRUTH, 1),
        (TRUTH, "true"),
        (BLANK, 7),
        (BLANK, True),
        (BLANK, ["mitochondria"]),
        (BLANK, {"text": "mitochondria"}),
    ],
)
def test_an_answer_of_the_wrong_kind_is_an_error_that_names_its_field(
    question: ObjectiveQuestion, answer: object
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        grade_objective(question, answer, "answers.3.answer")
    assert [error.field for error in raised.value.errors] == ["answers.3.answer"]
    assert raised.value.code == "invalid_answer"


@pytest.mark.parametrize(
    "question",
    [
        ObjectiveQuestion(ObjectiveType.MCQ, 4, option_count=4),
        ObjectiveQuestion(ObjectiveType.MCQ, True, option_count=4),
        ObjectiveQuestion(ObjectiveType.TRUE_FALSE, 1),
        ObjectiveQuestion(ObjectiveType.FILL_BLANK, []),
        ObjectiveQuestion(ObjectiveType.FILL_BLANK, "one string"),
    ],
)
def test_a_key_of_the_wrong_kind_is_refused(question: ObjectiveQuestion) -> None:
    answer = {ObjectiveType.MCQ: 1, ObjectiveType.TRUE_FALSE: True}.get(question.type, "x")
    with pytest.raises(ValueError, match="key"):
        grade_objective(question, answer)


@pytest.mark.parametrize(
    ("accepted", "answer", "language"),
    [
        ("mitochondria", "the Mitochondria.", "en"),
        ("mitochondria", "MITOCHONDRIA", "en"),
        ("cell wall", "  cell \u00a0 wall ", "en"),
        ("Newton's law", "newton’s law", "en"),
        ("self-made", "self made", "en"),
        ("non-polar", "non‑polar", "en"),
        ("café", "cafe", "en"),
        ("DNA", "dna", "en"),
        ("mRNA", "mrna", "en"),
        ("pH", "ph", "en"),
        ("NaCl", "nacl", "en"),
        ("H2O", "h2o", "en"),
        ("ATP", "ＡＴＰ", "en"),
        ("ガラス", "ｶﾞﾗｽ", "ja"),
        ("efficient", "eﬃcient", "en"),
        ("كتاب", "كتــاب", "ar"),
        ("İstanbul", "istanbul", "tr"),
        ("Straße", "straße", "de"),
        ("ΛΟΓΟΣ", "λογος", "el"),
        ("Москва", "москва", "ru"),
        ("c'est", "c’est", "fr"),
        ("3 apples", "3 Apples", "en"),
        ("1000 apples", "1,000 apples", "en"),
        ("x > 5", "x>5", "en"),
        ("café", "cafe\u0301", "fr"),
    ],
)
def test_typing_is_folded(accepted: str, answer: str, language: str) -> None:
    assert verdict_of_blank(accepted, answer, language) is Verdict.CORRECT


@pytest.mark.parametrize(
    ("accepted", "answer", "language"),
    [
        ("1000", "1,000", "en"),
        ("1000", "1e3", "en"),
        ("1000", "1 000", "en"),
        ("1000", "1\u202f000", "fr"),
        ("1000", "10³", "en"),
        ("1000", "1.000", "de"),
        ("1000", "1'000", "de"),
        ("3,14", "3.14", "de"),
        ("0.5", "1/2", "en"),
        ("0.5", "½", "en"),
        ("1.5", "1 ½", "en"),
        ("0.5", ".5", "en"),
        ("3", "3.0", "en"),
        ("0", "-0", "en"),
        ("-40", "−40", "en"),
        ("-40", "– 40", "en"),
        ("6.02×10²³", "6.02e23", "en"),
        ("6.02×10²³", "6.02 x 10^23", "en"),
        ("1.6×10⁻¹⁹ C", "1.6e-19 coulombs", "en"),
        ("12", "１２", "ja"),
        ("5 mg", "0.005 g", "en"),
        ("5 mg", "5mg", "en"),
        ("5 mg", "5 milligrams", "en"),
        ("5 µg", "5 μg", "en"),
        ("5 µg", "5 ug", "en"),
        ("3 L", "3 litres", "en"),
        ("3 L", "3000 mL", "en"),
        ("72 km/h", "20 m/s", "en"),
        ("9.81 m/s²", "9.81 m s^-2", "en"),
        ("9.81 m/s²", "9.81 m·s⁻²", "en"),
        ("9.81 m/s²", "9.81 meters per second squared", "en"),
        ("4 m²", "4 square metres", "en"),
        ("50 %", "50 percent", "en"),
        ("50 %", "0.5", "en"),
        ("20 °C", "20 degrees Celsius", "en"),
        ("$5", "5 dollars", "en"),
        ("10 Ω", "10 ohm", "en"),
        ("1 kWh", "3.6 MJ", "en"),
        ("8 bit", "1 byte", "en"),
    ],
)
def test_numbers_are_compared_as_numbers(accepted: str, answer: str, language: str) -> None:
    assert verdict_of_blank(accepted, answer, language) is Verdict.CORRECT


@pytest.mark.parametrize(
    ("accepted", "answer", "language"),
    [
        ("1000", "1,000", "de"),
        ("1,5", "1.5", "en"),
        ("-40", "40", "en"),
        ("10²", "102", "en"),
        ("10^2", "102", "en"),
        ("10³", "103", "en"),
        ("5 MW", "5 mW", "en"),
        ("10 Mg", "10 mg", "en"),
        ("5 m", "5 M", "en"),
        ("5 kg", "5", "en"),
        ("5", "5 kg", "en"),
        ("5 m", "5 s", "en"),
        ("20 °C", "20 °F", "en"),
        ("20 °C", "20 K", "en"),
        ("20 C", "20 °C", "en"),
        ("50", "50 %", "en"),
        ("==", "!=", "en"),
        ("a == b", "a != b", "en"),
        ("x > 5", "x < 5", "en"),
        ("x >= 5", "x > 5", "en"),
        ("i++", "i--", "en"),
        ("&&", "||", "en"),
        ("5!", "5", "en"),
        ("x^2", "x2", "en"),
        ("x²", "x2", "en"),
        ("Na+", "Na-", "en"),
        ("2+", "2-", "en"),
        ("Co", "CO", "en"),
        ("CO2", "Co2", "en"),
        ("NO", "No", "en"),
        ("AaBb", "aabb", "en"),
        ("AA", "aa", "en"),
        ("V", "v", "en"),
        ("pêche", "péché", "fr"),
        ("pêche", "peche", "fr"),
        ("año", "ano", "es"),
        ("schon", "schön", "de"),
        ("Maße", "Masse", "de"),
        ("दिन", "दान", "hi"),
        ("ma", "má", "vi"),
        ("increase", "decrease", "en"),
        ("it does not rise", "it does rise", "en"),
        ("endothermic", "exothermic", "en"),
        ("cannot", "can", "en"),
        ("unstable", "stable", "en"),
        ("hypotonic", "hypertonic", "en"),
        ("1e400000", "2e400000", "en"),
        ("1/0", "2/0", "en"),
        ("3-4", "34", "en"),
        ("few", "a few", "en"),
        ("few cells", "a few cells", "en"),
        ("1:2", "1.2", "en"),
        ("1.00e0 J", "1.00e1 J", "en"),
        ("about 1.0e5 cells", "about 1.0e6 cells", "en"),
        ("5 Mbar", "5 mbar", "en"),
        ("2 Mmol", "2 mmol", "en"),
        ("about 2 Mmol of it", "about 2 mmol of it", "en"),
    ],
)
def test_what_differs_in_meaning_is_wrong(accepted: str, answer: str, language: str) -> None:
    assert verdict_of_blank(accepted, answer, language) is Verdict.INCORRECT
    assert verdict_of_blank(answer, accepted, language) is not Verdict.CORRECT


def test_a_number_within_the_tolerance_is_right() -> None:
    assert verdict_of_blank("3.14159", "3.14", tolerance=0.001) is Verdict.CORRECT
    assert verdict_of_blank("3.14159", "3.1", tolerance=0.001) is Verdict.INCORRECT
    assert verdict_of_blank("3.14159", "3.14") is Verdict.INCORRECT


def test_no_tolerance_reaches_the_other_sign() -> None:
    assert verdict_of_blank("-0.1", "0.1", tolerance=5) is Verdict.INCORRECT


def test_accents_fold_where_the_question_says_so() -> None:
    assert verdict_of_blank("pêche", "peche", "fr", fold_accents=True) is Verdict.CORRECT
    assert verdict_of_blank("café", "cafe", "en", fold_accents=False) is Verdict.INCORRECT


def test_combining_marks_of_other_scripts_never_fold() -> None:
    assert verdict_of_blank("दिन", "दन", "hi", fold_accents=True) is Verdict.INCORRECT


def test_the_grade_names_the_accepted_form() -> None:
    match = grade_objective(BLANK, "Mitochondria").match
    assert match is not None
    assert match.accepted == "mitochondria"


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_graded_without_an_error(accepted: str, answer: str) -> None:
    assert verdict_of_blank(accepted, answer) in Verdict


@given(
    st.text(min_size=1, max_size=60).filter(
        lambda text: any(one.isalnum() for one in text) and not is_blank(text)
    )
)
def test_the_accepted_form_itself_is_right(text: str) -> None:
    assert verdict_of_blank(text, text) is Verdict.CORRECT


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_two_whole_numbers_are_equal_only_when_they_are(left: int, right: int) -> None:
    verdict = verdict_of_blank(f"{left}", f"{right:,}")
    assert (verdict is Verdict.CORRECT) == (left == right)


@given(st.text(alphabet="0123456789,. e^x*", max_size=5000))
def test_a_long_hostile_number_ends_quickly(text: str) -> None:
    assert verdict_of_blank("1000", text) in Verdict
