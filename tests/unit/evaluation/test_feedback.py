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


ANSWER = "a virus needs a host cell"


def free(written: str, *criteria: CriterionScore, language: str = "en", text: str = ANSWER) -> str:
    return free_feedback(written, criteria, text=text, number=7, page="vii", language=language)


def test_the_models_feedback_gets_the_page_that_it_forgot() -> None:
    assert free("It needs a host.", MET, MISSED) == "It needs a host. Read page vii again."


@pytest.mark.parametrize(
    "written",
    ["“needs a host”: see page 7.", "„needs a host“ – lies Seite vii.", "“Needs a host” vii."],
)
def test_a_page_that_is_named_is_not_named_twice(written: str) -> None:
    assert free(written, MET, MISSED) == written


def test_other_numbers_are_not_the_page() -> None:
    assert "page vii" in free("In 1972 it needs a host, 17 times.", MET, MISSED)


def test_a_full_answer_is_sent_to_no_page() -> None:
    assert free("“A virus needs”: all there.", MET) == "“A virus needs”: all there."


def test_the_learners_words_are_quoted_where_the_model_forgot_to() -> None:
    assert free("All there.", MET) == "“needs a host” is right. All there."
    assert free("That is not it. See page 7.", MISSED) == (
        "You answered “a virus needs a host cell”. That is not it. See page 7."
    )


def test_a_script_without_spaces_is_quoted_by_some_letters_in_a_row() -> None:
    text = "病毒需要宿主细胞"
    quoting = "“需要宿主”是对的。见第7页。"
    assert free(quoting, MISSED, text=text) == quoting
    assert text in free("不对。见第7页。", MISSED, text=text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("病毒需要宿主", "A virus needs a host, see page 7."),
        ("Вирусу нужен хозяин", "A virus needs a host, see page 7."),
        (ANSWER, "病毒需要宿主。见第7页。"),
    ],
)
def test_feedback_in_letters_of_another_language_is_told_in_phrases(
    text: str, written: str
) -> None:
    told = free(written, MISSED, text=text)

    assert written not in told
    assert text in told
    assert "vii" in told


def test_where_the_model_wrote_nothing_the_judgement_is_told_in_phrases() -> None:
    assert free("  ", MET, MISSED) == (
        "“needs a host” is right. 1 of 2 points are still missing. Read page vii again."
    )
    assert "La réponse ne dit pas encore" in free("", MISSED, language="fr")


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Вирусу нужен хозяин", "en", "ru"),
        ("Вірусу потрібен господар", "en", "uk"),
        ("На вируса му трябва гостоприемник", "bg", "bg"),
        ("ウイルスには宿主が必要です", "en", "ja"),
        ("ویروس به میزبان نیاز دارد", "fa", "fa"),
        ("A virus needs a host", "de", "de"),
        ("宿主細胞", "ja", "ja"),
        ("宿主细胞", "en", "zh"),
        ("The sign 水 stands for water", "en", "en"),
        ("The word вирус is the Russian one", "en", "en"),
        ("Giv\u0435 m\u0435 it \u0456nst\u0435ad", "en", "en"),
        ("वायरस को DNA चाहिए", "en", "hi"),
        ("Das Zeichen 水 heißt Wasser", "de", "de"),
    ],
)
def test_the_script_tells_the_answers_language(text: str, language: str, found: str) -> None:
    assert language_of(text, language) == found


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u202a", "\u2066", "\u2067", "\u200b", "\U000e0067", "\u3164"]
)
def test_a_quote_turns_round_and_hides_nothing_of_what_follows(hidden: str) -> None:
    said = free("", MISSED, text=f"a virus {hidden}needs")
    assert hidden not in said
    assert "“a virus needs”" in said
    assert hidden not in told(Verdict.INCORRECT, "en", f"nucleus{hidden}")


def test_marks_that_belong_to_the_writing_stay_in_a_quote() -> None:
    assert "می\u200cخواهم" in told(Verdict.INCORRECT, "fa", "می\u200cخواهم")
