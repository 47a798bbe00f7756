"""How much a text has to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.dealing import deal
from functions.questions.rules.model import DocumentPage, GenerationParameters
from functions.questions.rules.passages import cut, longest_for
from functions.questions.rules.statements import statements

PROSE = "A virus that infects a bacterium enters its cell by a tail fibre. " * 20
EXERCISES = (
    "Which of the following does a virus lack? Select all that apply.\n"
    " A. ribosomes\nB. metabolic processes\nC. nucleic acid\nD. glycoprotein\n"
    "A virus that infects a bacterium is called a/an ___________________.\n"
) * 10


@pytest.mark.parametrize(
    "sentence",
    [
        "Viruses are parasites that depend on the cells of their hosts.",
        "ウイルスは宿主の細胞に依存する寄生体である。",
        "Les virus dépendent des cellules\nde leurs hôtes pour se reproduire.",
        "A last sentence may have lost its full stop at the end of a page",
    ],
)
def test_a_sentence_that_tells_something_is_a_statement(sentence: str) -> None:
    assert statements(sentence) == ((0, len(sentence)),)


@pytest.mark.parametrize(
    "text",
    [
        "What does a virus lack that every living cell has in its cytoplasm?",
        "A virus that infects a bacterium is called a/an _____, as you know.",
        "A. ribosomes\nB. metabolic processes\nC. nucleic acid\nD. glycoprotein",
        "Figure 6.16 Membrane filters can be used to remove cells or viruses.",
        "Acellular Pathogens",
    ],
)
def test_questions_gaps_options_captions_and_headings_state_nothing(text: str) -> None:
    assert statements(text) == ()


@given(st.text(alphabet="ab .?!\n_。", max_size=400))
def test_statements_stand_in_order_and_apart(text: str) -> None:
    found = statements(text)

    ends = [0, *(end for _, end in found)]
    assert all(before <= start < end for before, (start, end) in zip(ends, found, strict=False))


def test_a_page_of_exercises_gets_few_of_the_questions() -> None:
    pages = [DocumentPage(1, None, PROSE), DocumentPage(2, None, EXERCISES)]
    found = [passage for page in pages for passage in cut(page)]

    plans = deal(draw_up(GenerationParameters(20), seed=3), found, 5)

    on_exercises = sum(slot.page == 2 for plan in plans for slot in plan.slots)
    assert 0 < on_exercises <= 4


@given(st.integers(1, 60))
def test_no_two_chunks_read_the_same_text_where_there_is_enough(chunks: int) -> None:
    pages = [DocumentPage(number, None, PROSE) for number in range(1, 41)]
    longest = longest_for(pages, chunks)
    found = [passage for page in pages for passage in cut(page, longest=longest)]

    plans = deal(draw_up(GenerationParameters(5 * chunks), seed=3), found, 5)

    read = [
        (one.page, at)
        for plan in plans
        for one in plan.passages
        for at in range(one.start, one.end)
    ]
    assert len(read) == len(set(read))
