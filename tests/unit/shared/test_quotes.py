"""Finding what a quote says on a page, and where."""

import re
import time
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.quotes import FoldedPage, QuoteSpan, fold, locate_quote

WORDS = st.sampled_from(
    [
        *(
            "photosynthesis",
            "efﬁcient",
            "ﬂow",
            "difﬂuence",
            "½",
            "㎏",
            "10⁻²",
            "−40",
            "°C",
            "well-known",
        ),
        *(
            "cafe\u0301",
            "café",
            "naïve",
            "Åm",
            "“cell”",
            "don’t",
            "1914–1918",
            "endo\u00adthermic",
            "K₂O",
        ),
        *(
            "ﷺ",
            "ﻻ",
            "\ufeb3\ufefc\ufee1",
            "الضوئي",
            "कोशिका",
            "ｱｲﾃﾞｱ",
            "ﾊﾟ",
            "광합성은",
            "光合作用",
            "過程である",
        ),
        *(
            "a",
            "DNA",
            "e.g.",
            "(see",
            "Fig.",
            "3)",
            "…",
            "x²",
            "½x",
            "Straße",
            "ǆ",
            "\u1100\u1161\u11a8",
        ),
    ]
)
SPACES = st.sampled_from([" ", "\n", "  ", " \n", "\t", "\u00a0", "\n\n", "\u2009"])
PAGES = st.lists(st.tuples(WORDS, SPACES), min_size=1, max_size=30).map(
    lambda parts: "".join(word + space for word, space in parts)
)
PROSE = (
    "The efﬁcient ﬂow of the ﬁrst ofﬁcial difﬂuence experi-\nment shows that photo-\n"
    "synthesis is an endo\u00ad\nthermic process. Well-known state-of-the-\nart methods "
    "measure 3.5 × 10⁻² mol at −40 °C; he said “it’s 5 ㎏ or ½ of\nit” in 1914–\n1918."
)


def quoted(page: str, quote: str) -> str | None:
    span = locate_quote(quote, page)
    return None if span is None else page[span.start : span.end]


@pytest.mark.parametrize(
    ("quote", "as_printed"),
    [
        ("efficient flow of the first official", "efﬁcient ﬂow of the ﬁrst ofﬁcial"),
        ("diffluence experiment shows", "difﬂuence experi-\nment shows"),
        ("photosynthesis", "photo-\nsynthesis"),
        ("photo-\nsynthesis", "photo-\nsynthesis"),
        ("an endothermic process.", "an endo\u00ad\nthermic process."),
        ("Well-known state-of-the-art methods", "Well-known state-of-the-\nart methods"),
        ("Well\u2010known state\u2011of\u2011the\u2011art", "Well-known state-of-the-\nart"),
        ("3.5 × 10-2 mol at -40 °C", "3.5 × 10⁻² mol at −40 °C"),
        ('"it\'s 5 kg or 1/2 of it"', "“it’s 5 ㎏ or ½ of\nit”"),
        ("in 1914-1918", "in 1914–\n1918"),
        ("  methods \n\n measure\t3.5 ", "methods measure 3.5"),
    ],
)
def test_a_quote_is_found_as_it_was_printed(quote: str, as_printed: str) -> None:
    assert quoted(PROSE, quote) == as_printed


@pytest.mark.parametrize(
    "quote",
    [
        "photosynthesis is an exothermic process",
        "the efficient flow of the first",  # another case
        "at 40 °C; he said it",  # without its marks
        "hotosynthes",  # not whole words
        "experi",
        "cient flow",
        "methods that measure",
        "10 2 mol",
    ],
)
def test_what_the_page_does_not_say_is_not_found(quote: str) -> None:
    page = PROSE.replace("experi-\n", "experi")
    assert quoted(page, quote) is None


@pytest.mark.parametrize("quote", ["", " ", "\n", "a", "of", "½", ".....", "— “ ”", "\u200b\u00ad"])
def test_a_quote_of_less_than_three_letters_proves_nothing(quote: str) -> None:
    assert quoted(f"a of {quote} of the cell ½ ..... — “ ”", quote) is None


def test_a_word_is_not_found_inside_another_but_beside_it() -> None:
    assert locate_quote("cat", "concatenate category cat.") == QuoteSpan(21, 24)


def test_accents_are_letters_of_their_own_however_they_are_typed() -> None:
    assert quoted("un cafe\u0301 noir", "café noir") == "cafe\u0301 noir"
    assert quoted("un café noir", "cafe noir") is None
    assert quoted("un cafe\u0301", "cafe") is None


def test_part_of_a_ligature_or_fraction_is_not_a_place_on_the_page() -> None:
    assert quoted("the ½ mile", "mile") == "mile"
    assert quoted("the 100½ mile", "the 1001") is None
    assert quoted("the 100½ mile", "the 1001/2") == "the 100½"


def test_presentation_forms_of_arabic_are_found_by_plain_letters() -> None:
    page = "قال \ufeb3\ufefc\ufee1 عليكم"
    assert quoted(page, "سلام عليكم") == "\ufeb3\ufefc\ufee1 عليكم"


def test_lines_of_chinese_and_japanese_join_without_a_space() -> None:
    page = "光合作用是植物把光能\n转化为化学能的过程，\n叶绿体 在 Python\n中"
    assert quoted(page, "植物把光能转化为化学能的过程") == "植物把光能\n转化为化学能的过程"
    assert quoted(page, "的过程，叶绿体在Python中") == "的过程，\n叶绿体 在 Python\n中"


def test_a_korean_word_is_found_without_its_particle() -> None:
    assert quoted("광합성은 식물이 빛 에너지를", "광합성") == "광합성"


def test_the_first_of_several_places_is_told() -> None:
    assert locate_quote("the cell", "The cell, the cell and the cell") == QuoteSpan(10, 18)


@given(PAGES, st.data())
def test_any_words_of_a_page_are_found_and_fold_to_the_same(page: str, data: st.DataObject) -> None:
    words = [match.span() for match in re.finditer(r"\S+", page)]
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    quote = page[words[first][0] : words[last][1]]
    assume(sum(character.isalnum() for character in fold(quote)) >= 3)
    span = locate_quote(quote, page)
    assert span is not None
    assert fold(page[span.start : span.end]) == fold(quote)
    assert span.start <= words[first][0]


@given(PAGES, PAGES)
def test_a_place_always_says_what_the_quote_says(page: str, quote: str) -> None:
    span = locate_quote(quote, page)
    if span is None:
        return
    assert 0 <= span.start < span.end <= len(page)
    assert fold(page[span.start : span.end]) == fold(quote)
    assert fold(quote) in fold(page)


@given(st.text(), st.text())
def test_no_text_at_all_breaks_the_search(page: str, quote: str) -> None:
    span = locate_quote(quote, page)
    assert span is None or fold(page[span.start : span.end]) == fold(quote)


@given(PAGES)
def test_a_word_that_is_not_on_the_page_is_not_found(page: str) -> None:
    assert locate_quote("mitochondrion", page) is None
    assert locate_quote(page + " mitochondrion", page) is None


@given(st.from_regex(r"[a-z]{2,8}", fullmatch=True), st.from_regex(r"[a-z]{2,8}", fullmatch=True))
@pytest.mark.parametrize(
    "hyphen", ["-\n", "- \n", "-\n  ", "\u2010\n", "\u00ad\n", "\u00ad", "-\r\n"]
)
def test_a_word_broken_at_a_line_is_found_by_its_joined_form(
    hyphen: str, head: str, tail: str
) -> None:
    page = f"Before {head}{hyphen}{tail} after."
    assert quoted(page, f"{head}{tail} after") == f"{head}{hyphen}{tail} after"
    assert quoted(page, f"Before {head}-{tail}") == f"Before {head}{hyphen}{tail}"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_the_form_of_unicode_does_not_matter(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert fold(composed) == fold(unicodedata.normalize("NFD", composed))


@pytest.mark.parametrize(
    "page", ["a " * 50_000, "\n" * 100_000, "-\n" * 50_000, "é" * 100_000, "光\n" * 50_000]
)
def test_a_hostile_page_is_searched_in_linear_time(page: str) -> None:
    started = time.perf_counter()
    folded = FoldedPage(page)
    folded.locate("a a a a b")
    folded.locate("ééé")
    assert time.perf_counter() - started < 2.0
