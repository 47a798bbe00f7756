"""Feedback is in the learner's language, quotes their words and names the page."""

from string import Formatter

import pytest

from functions.evaluation.feedback import (
    free_feedback,
    language_of,
    objective_feedback,
    zero_feedback,
)
from functions.evaluation.phrases import Phrases, known_languages, phrases_for
from functions.evaluation.rules.answers import Verdict
from functions.evaluation.rules.off_topic import ZeroReason
from functions.evaluation.rules.scoring import CriterionScore, CriterionStanding

MET = CriterionScore("c1", 1.0, 1.0, CriterionStanding.MET, "needs a host")
MISSED = CriterionScore("c2", 0.0, 1.0, CriterionStanding.NOT_MET, "")


def told(verdict: Verdict, language: str | None, given: str | None = "nucleus") -> str:
    return objective_feedback(
        verdict, given=given, told="", explanation="E.", page="vii", language=language
    )


def names_in(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


@pytest.mark.parametrize("language", known_languages())
def test_every_language_has_the_same_places_in_its_phrases(language: str) -> None:
    english, own = phrases_for("en"), phrases_for(language)
    for name in Phrases.__slots__:
        assert names_in(getattr(own, name)) == names_in(getattr(english, name)), name
        assert getattr(own, name).strip()


def test_a_wrong_choice_is_quoted_and_sent_back_to_the_page() -> None:
    assert told(Verdict.INCORRECT, "en") == (
        "You answered “nucleus”. Not right. E. Read page vii again."
    )
    assert told(Verdict.INCORRECT, "de-AT") == (
        "Deine Antwort war „nucleus“. Nicht richtig. E. Lies noch einmal Seite vii."
    )


def test_an_unknown_language_is_told_in_english() -> None:
    assert told(Verdict.CORRECT, "tlh") == "Right. E."
    assert told(Verdict.BLANK, None).startswith("No answer was given.")


def test_a_long_answer_is_quoted_in_part() -> None:
    assert len(told(Verdict.INCORRECT, "en", "x" * 5000)) < 300


def test_an_answer_worth_nothing_is_told_in_its_own_language() -> None:
    in_chinese = zero_feedback(ZeroReason.SAYS_NOTHING, text="不知道", page="3", language="en")

    assert in_chinese == "答案没有谈到题目所问的内容。 请再读第 3 页。"


def free(written: str, *criteria: CriterionScore, language: str = "en", text: str = "x") -> str:
    return free_feedback(written, criteria, text=text, number=7, page="vii", language=language)


def test_the_models_feedback_gets_the_page_that_it_forgot() -> None:
    assert free("Half of it.", MET, MISSED) == "Half of it. Read page vii again."


@pytest.mark.parametrize("written", ["See page 7.", "Lies Seite vii.", "第7页"])
def test_a_page_that_is_named_is_not_named_twice(written: str) -> None:
    assert free(written, MET, MISSED) == written


def test_other_numbers_are_not_the_page() -> None:
    assert "page vii" in free("In 1972 it was 17.", MET, MISSED)


def test_a_full_answer_is_sent_to_no_page() -> None:
    assert free("All there.", MET) == "All there."


def test_where_the_model_wrote_nothing_the_judgement_is_told_in_phrases() -> None:
    assert free("  ", MET, MISSED) == (
        "“needs a host” is right. 1 of 2 points are still missing. Read page vii again."
    )
    assert free("", MISSED, language="fr").startswith("La réponse ne dit pas encore")


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Вирусу нужен хозяин", "en", "ru"),
        ("Вірусу потрібен господар", "en", "uk"),
        ("На вируса му трябва гостоприемник", "bg", "bg"),
        ("ウイルスには宿主が必要です", "en", "ja"),
        ("ویروس به میزبان نیاز دارد", "fa", "fa"),
        ("A virus needs a host", "de", "de"),
    ],
)
def test_the_script_tells_the_answers_language(text: str, language: str, found: str) -> None:
    assert language_of(text, language) == found
