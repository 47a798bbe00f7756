"""Which sections a document has, by its PDF's bookmarks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.questions.rules.model import DocumentPage
from functions.questions.rules.outlines import MOST_SECTIONS, Bookmark, document_sections
from functions.questions.rules.sections import Section

PROSE = "The heart pumps blood through the body, and it never rests. " * 12


def pages(*texts: str) -> list[DocumentPage]:
    return [DocumentPage(number, None, text) for number, text in enumerate(texts, start=1)]


FOUR = pages(*[PROSE] * 4)


def sections(of: list[DocumentPage], *marks: tuple[str, int]) -> list[tuple[str | None, int, int]]:
    outline = [Bookmark(title, page, 1) for title, page in marks]
    return [(one.title, one.page, one.start) for one in document_sections(of, outline)]


def test_bookmarks_begin_sections_at_the_top_of_their_pages() -> None:
    assert sections(FOUR, ("Heart", 1), ("Lungs", 3)) == [("Heart", 1, 0), ("Lungs", 3, 0)]


def test_what_stands_before_the_first_bookmark_has_no_title() -> None:
    assert sections(FOUR, ("Heart", 2), ("Lungs", 3)) == [
        (None, 1, 0),
        ("Heart", 2, 0),
        ("Lungs", 3, 0),
    ]


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Lungs and breath", "Lungs and breath"),
        ("LUNGS AND BREATH", "Lungs and Breath"),
        ("6.2 Lungs and breath", "Lungs and breath"),
        ("Lungs and breath", "6.2. Lungs and breath"),
        ("6.2  Lungs\nand breath", "6.2 Lungs and breath"),
        ("Chapter 6\nLungs and breath", "Chapter 6: Lungs and breath"),
        ("第二章 肺", "第二章\u3000肺"),
    ],
)
def test_a_section_begins_at_its_title_on_the_page(heading: str, title: str) -> None:
    text = f"{PROSE}\n{heading}\n{PROSE}"

    found = sections(pages(PROSE, text, PROSE), ("Heart", 1), (title, 2))

    assert found[1][1:] == (2, len(PROSE) + 1)


def test_two_sections_of_a_page_begin_at_their_titles() -> None:
    text = f"Lungs\n{PROSE}\nLiver\n{PROSE}"

    assert sections(pages(PROSE, text), ("Heart", 1), ("Lungs", 2), ("Liver", 2)) == [
        ("Heart", 1, 0),
        ("Lungs", 2, 0),
        ("Liver", 2, len(f"Lungs\n{PROSE}\n")),
    ]


def test_of_bookmarks_of_a_page_without_their_titles_the_first_counts() -> None:
    assert sections(FOUR, ("Heart", 1), ("Lungs", 3), ("Liver", 3)) == [
        ("Heart", 1, 0),
        ("Lungs", 3, 0),
    ]


def test_a_bookmark_that_leads_back_is_left_out_and_the_others_stay() -> None:
    marks = (("Heart", 1), ("Wrong", 4), ("Lungs", 2), ("Liver", 3))

    assert [title for title, *_ in sections(FOUR, *marks)] == ["Heart", "Lungs", "Liver"]


def test_a_page_that_is_not_there_is_left_out() -> None:
    assert sections(FOUR, ("Heart", 1), ("Lungs", 3), ("Beyond", 9)) == [
        ("Heart", 1, 0),
        ("Lungs", 3, 0),
    ]


HEADED = pages(f"1 Heart\n{PROSE}", f"2 Lungs\n{PROSE}", PROSE, PROSE)


@pytest.mark.parametrize(
    "marks",
    [
        (),
        (("All", 1),),
        (("Cover", 1), ("Contents", 1)),
        (("One", 9), ("Two", 10)),
    ],
    ids=["none", "one", "one page", "no page"],
)
def test_where_the_outline_does_not_divide_the_text_its_headings_do(
    marks: tuple[tuple[str, int], ...],
) -> None:
    assert sections(HEADED, *marks) == [("1 Heart", 1, 0), ("2 Lungs", 2, 0)]


def test_a_section_that_is_nearly_everything_is_no_division() -> None:
    long = pages(f"1 Heart\n{PROSE}", f"2 Lungs\n{PROSE}", *[PROSE] * 18)

    assert sections(long, ("Cover", 1), ("Contents", 2)) == [
        ("1 Heart", 1, 0),
        ("2 Lungs", 2, 0),
    ]


def test_of_too_many_bookmarks_the_upper_levels_count() -> None:
    chapters = [Bookmark(f"Chapter {number}", number, 1) for number in (1, 2, 3)]
    details = [Bookmark(f"Detail {number}", 3, 2) for number in range(MOST_SECTIONS)]

    found = document_sections(FOUR, [*chapters, *details])

    assert [one.title for one in found] == ["Chapter 1", "Chapter 2", "Chapter 3"]


def test_a_document_without_pages_has_no_sections() -> None:
    assert document_sections([], [Bookmark("Heart", 1, 1)]) == []


bookmarks = st.lists(
    st.builds(
        Bookmark,
        title=st.one_of(st.sampled_from(["Heart", "1 Lungs", "肺", "…"]), st.text(max_size=150)),
        page=st.integers(-1, 6),
        level=st.integers(1, 5),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(bookmarks, st.lists(st.text("Heart 1\nLungs肺. ", max_size=400), min_size=1, max_size=5))
def test_whatever_an_outline_says_sections_follow_each_other(
    outline: list[Bookmark], texts: list[str]
) -> None:
    of = pages(*texts)

    found: list[Section] = document_sections(of, outline)

    places = [(one.page, one.start) for one in found]
    assert places == sorted(set(places))
    assert not texts[0][: places[0][1]].strip()
    assert places[0][0] == 1
    assert all(0 <= start <= len(texts[page - 1]) for page, start in places)
