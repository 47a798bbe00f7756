"""Folding of typing: what a reader can't see or doesn't mean goes, everything else stays."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.rules.text_folding import CharacterTable, fold_typing, loose_words


@given(st.text())
def test_folded_text_is_folded_no_further(text: str) -> None:
    once = fold_typing(text)
    assert fold_typing(once) == once


@given(st.text())
def test_words_are_letters_numbers_marks_and_symbols_with_single_spaces(text: str) -> None:
    words = loose_words(text)
    assert all(one == " " or unicodedata.category(one)[0] in "LNMS" for one in words)
    assert words == " ".join(words.split())


def test_each_character_folds_as_in_a_text_of_its_own() -> None:
    every = [chr(code) for code in range(0x3000, 0x3200)] + [chr(c) for c in range(0x2000, 0x2100)]
    for character in every:
        assert fold_typing(f"a {character} b") == " ".join(
            part for part in ("a", fold_typing(character), "b") if part
        )


def test_widths_quotes_dashes_and_what_is_hidden_are_folded() -> None:
    typed = "\uff21\uff22\uff23 \u201cx\u201d \u2013 1\u20442 \u200b\u00ad\x07y\u0640 \ufb01n\u2026"
    assert fold_typing(typed) == 'ABC "x" - 1/2 y fin...'


def test_a_table_remembers_no_more_characters_than_it_may() -> None:
    asked: list[str] = []

    def become(character: str) -> str:
        asked.append(character)
        return character.upper()

    table = CharacterTable(become, most=2)
    assert "äöüäöü".translate(table) == "ÄÖÜÄÖÜ"
    assert len(table) == 2
    assert asked == ["ä", "ö", "ü", "ü"]
