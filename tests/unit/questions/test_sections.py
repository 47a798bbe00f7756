"""Which sections a document has, by its headings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.model import DocumentPage
from functions.questions.rules.sections import Section, sections_of

PROSE = "The heart pumps blood through the body, and it never rests. " * 12


def pages(*texts: str) -> list[DocumentPage]:
    return [DocumentPage(number, None, text) for number, text in enumerate(texts, start=1)]


def titles(*texts: str) -> list[str | None]:
    return [section.title for section in sections_of(pages(*texts))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"6.1 Hearts\n{PROSE}\n6.2 Lungs\n{PROSE}", ["6.1 Hearts", "6.2 Lungs"]),
        (
            f"Chapter 6\nBlood\n6.1 Hearts\n{PROSE}\n6.2 Lungs\n{PROSE}",
            ["Chapter 6 Blood", "6.1 Hearts", "6.2 Lungs"],
        ),
        (f"1 Introduction\n{PROSE}\n2 Methods\n{PROSE}", ["1 Introduction", "2 Methods"]),
        (f"第一章 心脏\n{PROSE}\n第二章 肺\n{PROSE}", ["第一章 心脏", "第二章 肺"]),
        (
            f"Kapitel IV Herz\n{PROSE}\nKapitel V Lunge\n{PROSE}",
            ["Kapitel IV Herz", "Kapitel V Lunge"],
        ),
        (f"Hearts\n{PROSE}\nLungs and breath\n{PROSE}", ["Hearts", "Lungs and breath"]),
        (PROSE, [None]),
    ],
)
def test_headings_begin_sections(text: str, expected: list[str | None]) -> None:
    assert titles(text) == expected


def test_a_running_head_begins_its_section_once() -> None:
    texts = [f"6.{number} Part {number}\n{PROSE}" for number in (1, 1, 1, 2, 2, 3)]

    assert titles(*texts) == ["6.1 Part 1", "6.2 Part 2", "6.3 Part 3"]


@pytest.mark.parametrize(
    "line",
    ["6.2 million people were ill", "14.5 Volts", "1.1 One\n1.2 Two\n1.3 Three\n1.4 Four"],
)
def test_numbers_of_tables_lists_and_sentences_are_no_headings(line: str) -> None:
    text = f"6.1 Hearts\n{PROSE}\n{line}\n{PROSE}\n6.2 Lungs\n{PROSE}\n6.3 Skin\n{PROSE}"

    assert titles(text) == ["6.1 Hearts", "6.2 Lungs", "6.3 Skin"]


@given(st.lists(st.text(max_size=400), min_size=1, max_size=5))
def test_sections_begin_with_the_document_and_stand_in_order(texts: list[str]) -> None:
    whole = pages(*texts)

    found = sections_of(whole)

    places = [(section.page, section.start) for section in found]
    assert places == sorted(set(places))
    first: Section = found[0]
    assert first.page == 1
    assert not whole[0].text[: first.start].strip()
