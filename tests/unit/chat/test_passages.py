"""The passages that a question is answered from."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.chat.citations import Passage
from functions.chat.passages import (
    BUDGET_CHARACTERS,
    PASSAGE_CHARACTERS,
    excerpt,
    find_passages,
    most_alike,
    with_neighbours,
)
from functions.chat.search_terms import MOST_TERMS, page_numbers, search_terms


class FakePages:
    """A document; `best` is what its index says to whatever it is asked."""

    def __init__(self, texts: Sequence[str], best: Sequence[int] = ()) -> None:
        self.texts = texts
        self.best = list(best)
        self.asked: list[str] = []

    def characters(self) -> int:
        return sum(map(len, self.texts))

    def all(self) -> list[Passage]:
        return self.of_numbers(range(1, len(self.texts) + 1))

    def ranked(self, terms: Sequence[str]) -> list[int]:
        self.asked = list(terms)
        return self.best

    def of_numbers(self, numbers: Sequence[int]) -> list[Passage]:
        wanted = set(numbers)
        return [
            Passage(number, text)
            for number, text in enumerate(self.texts, start=1)
            if number in wanted
        ]


def long_document(pages: int = 50, best: Sequence[int] = ()) -> FakePages:
    return FakePages([f"Page {number}. " + "word " * 300 for number in range(1, pages + 1)], best)


def chosen(passages: Sequence[Passage]) -> list[int]:
    return [passage.page for passage in passages]


def test_a_short_document_is_taken_whole_without_its_empty_pages() -> None:
    assert chosen(find_passages(FakePages(["one", " ", "three"]), "What?")) == [1, 3]


def test_the_best_pages_come_with_their_neighbours_in_the_order_of_the_document() -> None:
    passages = find_passages(long_document(best=[30, 10]), "How do enzymes work?")
    assert chosen(passages) == [9, 10, 11, 29, 30, 31]


def test_passages_stay_within_the_budget() -> None:
    passages = find_passages(long_document(best=list(range(1, 41))), "enzymes substrate energy")
    total = sum(len(passage.text) for passage in passages)
    assert BUDGET_CHARACTERS * 0.8 < total <= BUDGET_CHARACTERS


def test_a_short_question_is_understood_by_the_one_before() -> None:
    pages = long_document(best=[5])
    find_passages(pages, "And why?", "How do enzymes lower energy?")
    assert "'enzym':*" in pages.asked
    find_passages(pages, "Which substrate concentration saturates ribosomes?", "What are enzymes?")
    assert "'enzym':*" not in pages.asked


def test_a_page_that_the_question_names_is_among_the_passages() -> None:
    passages = find_passages(long_document(best=[3]), "What does page 42 say about energy?")
    assert 42 in chosen(passages)


def test_a_misspelt_word_is_found_by_its_pieces() -> None:
    pages = FakePages(["nothing here " * 1000, "about photosynthesis " * 1000, "nor here " * 1000])
    assert 2 in chosen(find_passages(pages, "photosynthesys?"))


@pytest.mark.parametrize("question", ["Give me a summary.", "Zzz qqq xxx?", "Seite 9999?"])
def test_where_nothing_is_to_be_found_pages_of_the_whole_document_are_taken(question: str) -> None:
    pages = chosen(find_passages(long_document(), question))
    assert pages[0] == 1
    assert pages[-1] > 40
    assert len(pages) >= 12


def test_scripts_without_spaces_are_found_by_their_characters() -> None:
    passages = [Passage(1, "水は液体である。"), Passage(2, "酵素は反応を速くする。")]
    assert most_alike("酵素とは何ですか", passages)[:1] == [2]


@given(st.lists(st.integers(1, 500), unique=True, max_size=30))
def test_neighbours_never_displace_or_repeat_a_page(ranked: list[int]) -> None:
    order = with_neighbours(ranked)
    assert len(order) == len(set(order))
    assert set(ranked) <= set(order)
    assert 0 not in order
    assert order[:1] == ranked[:1]


def test_of_a_long_question_the_beginning_counts() -> None:
    """Each piece is looked for in the whole document, and a question may have thousands."""
    question = " ".join(str(number) for number in range(100, 500))
    assert most_alike(question, [Passage(1, "399"), Passage(2, "400")]) == [1]


@given(st.text(max_size=300), st.integers(1, 200))
@example(text="::00", most=3)
def test_an_excerpt_is_a_piece_of_the_text_and_short_enough(text: str, most: int) -> None:
    piece = excerpt(text, search_terms(text), most)
    assert piece in text
    assert len(piece) == min(len(text), most)


def test_an_excerpt_of_a_huge_page_is_where_the_words_stand() -> None:
    text = "filler " * 100_000 + "the enzyme lowers the activation energy " + "filler " * 100_000
    piece = excerpt(text, search_terms("enzymes activation energy"))
    assert "the enzyme lowers" in piece
    assert len(piece) == PASSAGE_CHARACTERS


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("What are enzymes?", ["'enzym':*"]),
        ("How does pH 7 matter?", ["'ph'", "'7'", "'matt':*"]),
        ("Was ist die Zellatmung?", ["'zellatmu':*"]),
        ("it's 'quoted' & (odd) | !x:*", ["'quot':*", "'odd'"]),
        ("What is it about?", []),
        ("Что такое фермент?", ["'что'", "'тако':*", "'ферме':*"]),
    ],
)
def test_terms_are_the_words_that_tell(question: str, terms: list[str]) -> None:
    assert search_terms(question) == terms


@given(st.text(max_size=500))
def test_terms_are_few_and_hold_nothing_but_letters_and_digits(question: str) -> None:
    terms = search_terms(question)
    assert len(terms) <= MOST_TERMS
    for term in terms:
        assert term.removesuffix(":*").strip("'").isalnum()


def test_page_numbers_are_read_in_several_languages() -> None:
    assert page_numbers("See page 3, p. 14, Seite 5 and página 6, not 7.") == [3, 14, 5, 6]
