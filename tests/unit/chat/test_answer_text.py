"""Streamed replies are taken apart while they come."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from functions.chat.answer_text import MARKER, AnswerText

PIECES = st.lists(st.text(max_size=12), max_size=12)


def shown(pieces: list[str]) -> tuple[str, AnswerText]:
    text = AnswerText()
    taken = []
    for piece in pieces:
        text.add(piece)
        taken.append(text.take())
    taken.append(text.finish())
    return "".join(taken), text


def cut(reply: str, places: list[int]) -> list[str]:
    bounds = sorted({0, len(reply), *(place % (len(reply) + 1) for place in places)})
    return [reply[start:end] for start, end in pairwise(bounds)]


def test_the_answer_is_shown_and_the_citations_are_not() -> None:
    answer, text = shown(["Cells ", "breathe.\n\n---CIT", 'ATIONS---\n[{"page"', ": 3}]"])
    assert answer == "Cells breathe."
    assert text.tail == '\n[{"page": 3}]'


def test_words_are_shown_as_soon_as_they_cant_be_the_marker() -> None:
    text = AnswerText()
    text.add("One --")
    assert text.take() == "One"
    text.add("- two")
    assert text.take() == " --- two"


def test_a_reply_without_a_marker_is_all_answer() -> None:
    answer, text = shown(["It ends in dashes ---CIT"])
    assert answer == "It ends in dashes ---CIT"
    assert text.tail == ""


def test_characters_that_cant_be_stored_are_left_out() -> None:
    assert shown(["a\x00b\ud800c"])[0] == "abc"


@given(st.text(max_size=80), st.text(max_size=40), st.lists(st.integers(0, 300), max_size=20))
def test_however_the_reply_is_cut_the_same_is_shown(
    answer: str, tail: str, places: list[int]
) -> None:
    reply = f"{answer}\n{MARKER}\n{tail}"
    whole, text_of_whole = shown([reply])
    pieces, text_of_pieces = shown(cut(reply, places))
    assert pieces == whole
    assert text_of_pieces.tail == text_of_whole.tail
    assert text_of_pieces.said == pieces
    assert MARKER not in pieces


@given(PIECES)
def test_all_of_an_unmarked_reply_is_shown_but_the_white_space_around_it(pieces: list[str]) -> None:
    assert shown(pieces)[0] == "".join(pieces).replace("\x00", "").strip()


@given(PIECES)
def test_what_is_shown_never_ends_in_white_space_or_a_begun_marker(pieces: list[str]) -> None:
    text = AnswerText()
    for piece in pieces:
        text.add(piece)
        text.take()
        assert text.said == text.said.strip()
        assert not text.said.endswith("---CITATION")
