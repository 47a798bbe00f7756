"""How pages are chosen, cut and dealt out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.dealing import deal
from functions.questions.rules.model import DocumentPage, GenerationParameters, PageRange, Passage
from functions.questions.rules.page_selection import select_pages
from functions.questions.rules.passages import about, cut, near
from functions.questions.rules.sections import sections_of

PROSE = "The heart pumps blood through the body. " * 10
CONTENTS = "\n".join(f"Chapter {number} ........ {number * 7}" for number in range(1, 15))
REFERENCES = "References\n" + "\n".join(
    f"Smith J, et al. A study of hearts (19{number}). doi:10.1/x" for number in range(60, 80)
)


def page(number: int, text: str, *, has_text: bool = True) -> DocumentPage:
    return DocumentPage(number, None, text, has_text)


@given(st.text(max_size=6000), st.integers(50, 2000))
def test_passages_cover_a_page_in_order_and_hold_its_very_words(text: str, longest: int) -> None:
    passages = cut(page(3, text), longest=longest)

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

    whole = page(1, text)
    passages = cut(whole, sections_of([whole]), longest=1_000)
    starts = [passage.text.split("\n")[0] for passage in passages]

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

    assert [one.number for one in select_pages(pages).pages] == [3]


def test_a_cover_an_imprint_and_an_index_are_left_out_and_told() -> None:
    imprint = "All rights reserved. ISBN 978-3-16-148410-0. " * 5
    index = "\n".join(f"term {number}, {number}, {number + 3}-{number + 5}" for number in range(20))
    pages = [
        page(1, "Hearts\n" + "A book about hearts by many hands. " * 5),
        page(2, imprint),
        *(page(number, PROSE * 2) for number in range(3, 8)),
        page(8, index),
        page(9, "", has_text=False),
    ]

    selection = select_pages(pages)

    assert [one.number for one in selection.pages] == [3, 4, 5, 6, 7]
    assert selection.skipped == {1: "cover", 2: "imprint", 8: "index", 9: "no_text"}


def test_references_are_left_out_to_their_end_and_what_stands_before_them_stays() -> None:
    more = "\n".join(f"Lee K. More hearts. {1990 + number}, pp. 1-9." for number in range(8))
    pages = [page(1, PROSE), page(2, f"{PROSE}\n{REFERENCES}"), page(3, more), page(4, PROSE)]

    selection = select_pages(pages)

    assert [one.number for one in selection.pages] == [1, 2, 4]
    assert "References" not in selection.pages[1].text
    assert selection.skipped == {3: "references"}


@pytest.mark.parametrize("heading", ["参考文献", "المراجع", "Literaturverzeichnis", "References"])
def test_references_are_known_in_the_documents_language(heading: str) -> None:
    listed = f"{heading}\n" + "\n".join(f"[{number}] 王, 2011, doi:10" for number in range(9)) * 3

    assert select_pages([page(1, PROSE), page(2, listed)]).skipped == {2: "references"}


def test_a_page_of_ideographs_says_enough_with_fewer_characters() -> None:
    short = "光合作用是植物把光能转化为化学能的过程。" * 4

    assert len(select_pages([page(1, short), page(2, PROSE)]).pages) == 2


def test_pages_that_are_named_are_obeyed_even_if_they_say_little() -> None:
    pages = [page(1, "Hearts\nA book"), page(2, PROSE)]

    assert [one.number for one in select_pages(pages, PageRange(1, 1)).pages] == [1]


def test_a_short_document_keeps_what_it_has() -> None:
    assert [one.number for one in select_pages([page(1, "Hearts pump blood.")]).pages] == [1]


def test_a_focus_keeps_the_passages_that_speak_of_it() -> None:
    passages = [Passage(1, 0, 5, "About hearts"), Passage(2, 0, 5, "About lungs")]

    assert [one.page for one in about(passages, "LUNGS")] == [2]
    assert about(passages, "kidneys") == []


def test_small_words_of_a_focus_mean_nothing() -> None:
    passages = [Passage(1, 0, 9, "The heart is red."), Passage(2, 0, 9, "The lytic cycle ends.")]

    assert [one.page for one in about(passages, "the lytic cycle")] == [2]


@pytest.mark.parametrize(
    ("focus", "text"),
    [("病毒", "流感病毒会变异。"), ("光合作用", "植物进行光合作用。"), ("الفيروس", "الفيروس صغير")],
)
def test_a_focus_is_found_in_every_script(focus: str, text: str) -> None:
    passages = [Passage(1, 0, 9, "Hearts."), Passage(2, 0, 9, text)]

    assert [one.page for one in about(passages, focus)] == [2]


@given(st.integers(1, 120), st.integers(1, 60), st.integers(1, 10))
def test_every_slot_is_dealt_once_with_something_to_read(
    count: int, pages: int, chunk_size: int
) -> None:
    slots = draw_up(GenerationParameters(count), seed=7)
    passages = [Passage(number, 0, 900, "x" * 900) for number in range(1, pages + 1)]

    plans = deal(slots, passages, chunk_size)

    assert [slot.number for plan in plans for slot in plan.slots] == list(range(1, count + 1))
    assert all(slot.page for plan in plans for slot in plan.slots)
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
