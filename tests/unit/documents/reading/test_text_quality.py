"""What counts as text, and what is stripped from it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.documents.reading.text_quality import clean, is_unreadable


def test_prose_is_readable() -> None:
    assert not is_unreadable("Enzymes lower the activation energy of reactions.")


def test_nothing_is_not_unreadable_it_is_just_nothing() -> None:
    assert not is_unreadable("")
    assert not is_unreadable(" \n\t ")


def test_a_page_of_glyph_names_is_unreadable() -> None:
    assert is_unreadable("/g183/g203/g200/g131/g183 /uni0041/glyph12/.notdef/C0042")


def test_a_page_of_control_characters_is_unreadable() -> None:
    assert is_unreadable("\x00\x01\x02\x1c\x1d ab")


def test_a_page_of_characters_that_no_font_names_is_unreadable() -> None:
    assert is_unreadable("\ue001\ue002\ufffd\ufffd ab")


def test_paths_fractions_and_addresses_are_not_glyph_names() -> None:
    text = "It is in /usr/lib/python3, see https://example.org/page1 (1/2 of the users and/or 3/4)."
    assert not is_unreadable(text)


@pytest.mark.parametrize(("junk", "unreadable"), [(20, False), (21, True)])
def test_the_border_is_a_fifth_of_the_visible_characters(junk: int, unreadable: bool) -> None:
    text = "\x01" * junk + "a" * (100 - junk) + " " * 500
    assert is_unreadable(text) is unreadable


def test_line_breaks_of_all_kinds_become_one_kind() -> None:
    assert clean("a\r\nb\rc\x0bd\x0ce\x85f\u2028g\tend") == "a\nb\nc\nd\ne\nf\ng\tend"


def test_surrogate_pairs_become_their_character_and_lone_ones_go() -> None:
    assert clean("a\ud83d\ude00b\ud83dc") == "a\U0001f600bc"


def test_a_full_stop_before_a_right_to_left_line_goes_to_its_end() -> None:
    assert clean("1\n.البناء الضوئي\nb") == "1\nالبناء الضوئي.\nb"


def test_a_full_stop_before_a_left_to_right_line_stays() -> None:
    assert clean(".NET is a platform") == ".NET is a platform"


@given(st.text(alphabet=st.characters()) | st.text(alphabet="\x00\x01\ud800\udc00\n\ta ."))
def test_clean_text_can_be_stored_and_sent(text: str) -> None:
    cleaned = clean(text)
    assert json.loads(json.dumps(cleaned, ensure_ascii=False).encode()) == cleaned
    assert all(character in "\n\t" or ord(character) >= 32 for character in cleaned)
    assert not any(0x7F <= ord(character) <= 0x9F for character in cleaned)
    assert clean(cleaned).replace(".", "") == cleaned.replace(".", "")
