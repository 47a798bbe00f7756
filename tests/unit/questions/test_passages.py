"""How pages are chosen, cut and dealt out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.model import DocumentPage, GenerationParameters, PageRange, Passage
from functions.questions.rules.page_selection import worth_asking
from functions.questions.rules.passages import about, cut, deal, near

PROSE = "The heart pumps blood through the body. " * 10
CONTENTS = "\n".join(f"Chapter {number} ........ {number * 7}" for number in range(1, 15))
REFERENCES = "References\n" + "\n".join(
    f"Smith J, et al. A study of hearts (19{number}). doi:10.1/x" for number in range(60, 80)
)


def page(number: int, text: str, *, has_text: bool = True) -> DocumentPage:
    return DocumentPage(number, None, text, has_text)


@given(st.text(max_size=6000), st.integers(50, 2000))
def test_passages_cover_a_page_in_order_and_hold_its_very_words(text: str, longest: int) -> None:
    passages = cut(page(3, text), longest)

    ends = 0
    for passage in passages:
        assert passage.start >= ends
        assert text[passage.start : passage.end] == passage.text
        assert not text[ends : passage.start].strip()
        ends = passage.end
    assert not text[ends:].strip()


def test_a_passage_ends_with_a_sentence_where_it_can() -> None:
    for passage in cut(page(1, PROSE), longest=120)[:-1]:
        assert passage.text.strip().endswith(".")


@pytest.mark.parametrize(
    "sentence",
    [
        "血液は心臓から全身へ送られる。",
        "心脏把血液送到全身。",
        "القلب يضخ الدم إلى الجسم. ",
        "دل خون کو جسم میں بھیجتا ہے۔ ",
        "हृदय शरीर में रक्त भेजता है। ",
    ],
)
def test_passages_end_with_sentences_in_every_script(sentence: str) -> None:
    passages = cut(page(1, sentence * 30), longest=200)

    assert len(passages) > 1
    for passage in passages:
        assert passage.text.strip()[-1] == sentence.strip()[-1]


def test_a_section_begins_a_passage_of_its_own() -> None:
    text = f"6.1 Hearts\n{PROSE}\n6.2 Lungs\n{PROSE}\nChapter 7\n{PROSE}"

    starts = [passage.text.split("\n")[0] for passage in cut(page(1, text), longest=1_000)]

    assert starts == ["6.1 Hearts", "6.2 Lungs", "Chapter 7"]


def test_a_passage_does_not_end_within_a_formula() -> None:
    text = "The sum is $a. b$ here. " * 40

    for passage in cut(page(1, text), longest=200):
        assert passage.text.count("$") % 2 == 0


def test_the_neighbours_of_a_page_are_near() -> None:
    passages = [Passage(number, 0, 5, "Text.") for number in range(1, 11)]

    assert [one.page for one in near(passages, 5)] == [3, 4, 5, 6, 7]
    assert near(passages, 40) == passages


def test_cover_contents_references_and_empty_pages_are_left_out() -> None:
    pages = [
        page(1, "Hearts\nA book"),
        page(2, CONTENTS),
        page(3, PROSE),
        page(4, "", has_text=False),
        page(5, REFERENCES),
    ]

    assert [one.number for one in worth_asking(pages)] == [3]


def test_pages_that_are_named_are_obeyed_even_if_they_say_little() -> None:
    pages = [page(1, "Hearts\nA book"), page(2, PROSE)]

    assert [one.number for one in worth_asking(pages, PageRange(1, 1))] == [1]


def test_a_short_document_keeps_what_it_has() -> None:
    assert [one.number for one in worth_asking([page(1, "Hearts pump blood.")])] == [1]


def test_a_focus_keeps_the_passages_that_speak_of_it() -> None:
    passages = [Passage(1, 0, 5, "About hearts"), Passage(2, 0, 5, "About lungs")]

    assert [one.page for one in about(passages, "LUNGS")] == [2]
    assert len(about(passages, "kidneys")) == 2


@given(st.integers(1, 120), st.integers(1, 60), st.integers(1, 10))
def test_every_slot_is_dealt_once_with_something_to_read(
    count: int, pages: int, chunk_size: int
) -> None:
    slots = draw_up(GenerationParameters(count), seed=7)
    passages = [Passage(number, 0, 900, "x" * 900) for number in range(1, pages + 1)]

    plans = deal(slots, passages, chunk_size)

    assert [slot for plan in plans for slot in plan.slots] == slots
    assert all(plan.passages for plan in plans)
    assert all(len(plan.slots) <= chunk_size for plan in plans)


@given(st.integers(2, 40))
def test_chunks_read_different_passages_where_there_are_enough(chunks: int) -> None:
    slots = draw_up(GenerationParameters(chunks * 5), seed=7)
    passages = [Passage(number, 0, 900, "x" * 900) for number in range(1, chunks * 3 + 1)]

    plans = deal(slots, passages, 5)

    read = [one.page for plan in plans for one in plan.passages]
    assert len(read) == len(set(read))


def test_a_share_that_is_too_long_is_thinned_evenly() -> None:
    slots = draw_up(GenerationParameters(5), seed=7)
    passages = [Passage(number, 0, 1000, "x" * 1000) for number in range(1, 101)]

    (plan,) = deal(slots, passages, 5, most_characters=10_000)

    read = [one.page for one in plan.passages]
    assert len(read) == 10
    assert min(read) <= 10
    assert max(read) >= 90
