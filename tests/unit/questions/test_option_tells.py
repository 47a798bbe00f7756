"""Options that give a question away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.questions.drafts import DraftQuestion
from functions.questions.rules.checking import SourcePages, check
from functions.questions.rules.model import (
    Bloom,
    Difficulty,
    DocumentPage,
    QuestionType,
    Slot,
)
from functions.questions.rules.option_tells import is_catch_all, is_told_by_length


@pytest.mark.parametrize(
    "option",
    [
        "All of the above",
        "None of these.",
        "Both A and B",
        "A, B and C",
        "All of the answers are correct",
        "Alle oben genannten",
        "Keine der Antworten",
        "Toutes les réponses ci-dessus",
        "Aucune de ces réponses",
        "Todas las anteriores",
        "Ninguna de las anteriores",
        "Todas as anteriores",
        "Tutte le precedenti",
        "Geen van bovenstaande",
        "Wszystkie powyższe",
        "Всё вышеперечисленное",
        "Hiçbiri",
        "جميع ما سبق",
        "כל התשובות נכונות",
        "以上都是",
        "以上皆非",
        "上記のすべて",
        "위의 모두",
        "उपरोक्त सभी",
    ],
)
def test_an_option_that_speaks_of_the_others_is_known(option: str) -> None:
    assert is_catch_all(option)


@pytest.mark.parametrize(
    "option",
    [
        "All of these cells divide by mitosis once a day.",
        "Toutes les cellules ont un noyau",
        "Todas las células respiran",
        "Alle Zellen haben einen Kern",
        "None",
        "both strands of DNA",
        "以上的温度",
        "كل خلية حية",
        "",
    ],
)
def test_an_answer_that_begins_like_one_is_an_answer(option: str) -> None:
    assert not is_catch_all(option)


@pytest.mark.parametrize(
    ("key", "others", "told"),
    [
        ("the pancreas, where the beta cells live", ["liver", "kidney", "skin"], True),
        ("pancreas", ["liver", "kidney", "skin"], False),
        ("DNA", ["a double helix of proteins that folds"] * 3, True),
        ("由纤维素构成的坚固外层结构", ["磷脂", "蛋白", "水"], True),
        ("a sentence of about the same length", ["a sentence with nearly that length"] * 3, False),
    ],
)
def test_a_key_that_stands_out_by_its_length_is_known(
    key: str, others: list[str], told: bool
) -> None:
    for position in range(4):
        options = [*others[:position], key, *others[position:]]
        assert is_told_by_length(options, position) is told


PAGE = DocumentPage(1, None, "Insulin is made in the pancreas.")
option_sets = st.lists(
    st.text("abcdefgh", min_size=1, max_size=9), min_size=4, max_size=4, unique=True
)


@given(option_sets, st.integers(0, 3), st.integers(0, 3), st.text(max_size=8))
def test_shuffling_keeps_every_option_with_its_feedback_and_the_key(
    options: list[str], key: int, position: int, seed: str
) -> None:
    draft = DraftQuestion(
        slot=1,
        type="mcq",
        stem="Where?",
        options=options,
        correct_option=key,
        page=1,
        quote="Insulin is made in the pancreas.",
        explanation="So it is.",
        option_feedback=[f"about {option}" for option in options],
    )
    slot = Slot(1, QuestionType.MCQ, Difficulty.EASY, Bloom.REMEMBER, position)

    (first,) = check([draft], [slot], SourcePages([PAGE]), seed).questions
    (again,) = check([draft], [slot], SourcePages([PAGE]), seed).questions

    assert first.answer == position
    assert first.options[position] == options[key]
    assert sorted(first.options) == sorted(options)
    assert first.option_feedback == tuple(f"about {option}" for option in first.options)
    assert again.options == first.options


@given(
    st.sampled_from(["pancreas", "Straße", "فيروس", "光合作用", "H2O"]),
    st.sampled_from([str.upper, str.title, lambda text: f"  {text}. ", lambda text: f"“{text}”"]),
)
def test_options_that_fold_to_the_same_are_one(option: str, change: object) -> None:
    assert callable(change)
    draft = DraftQuestion(
        slot=1,
        type="mcq",
        stem="Where?",
        options=[option, change(option), "liver", "kidney"],
        correct_option=0,
        page=1,
        quote="Insulin is made in the pancreas.",
        explanation="So it is.",
    )
    slot = Slot(1, QuestionType.MCQ, Difficulty.EASY, Bloom.REMEMBER, 0)

    checked = check([draft], [slot], SourcePages([PAGE]), "seed")

    assert [one.reason for one in checked.rejections] == ["duplicate_option"]
