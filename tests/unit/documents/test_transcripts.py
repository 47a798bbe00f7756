"""What of a model's transcription is kept."""

from hypothesis import given
from hypothesis import strategies as st

from functions.documents.transcripts import PAGE_CHARACTERS, batches, check_transcripts


def test_only_pages_that_were_sent_are_kept_and_each_once() -> None:
    kept = check_transcripts({2, 3}, [(2, "Two."), (2, "Another."), (9, "Never sent."), (-1, "x")])
    assert kept.texts == {2: "Two."}
    assert kept.errors == {}


def test_control_characters_do_not_reach_the_database() -> None:
    kept = check_transcripts({1}, [(1, " A\x00 cell\x07 divides\ud800.\r\nTwice. ")])
    assert kept.texts == {1: "A cell divides.\nTwice."}


def test_a_page_of_nothing_but_rubbish_or_of_endless_text_is_an_error() -> None:
    kept = check_transcripts({1, 2}, [(1, "/g12/g13/g14/g15"), (2, "x" * (PAGE_CHARACTERS + 1))])
    assert kept.texts == {}
    assert kept.errors == {1: "reply_unreadable", 2: "reply_too_long"}


def test_an_empty_page_is_known_to_be_empty() -> None:
    assert check_transcripts({1}, [(1, " \n ")]).texts == {1: ""}


@given(st.sets(st.integers(1, 20)), st.lists(st.tuples(st.integers(-5, 30), st.text())))
def test_whatever_a_reply_says_only_clean_text_of_sent_pages_is_kept(
    sent: set[int], claimed: list[tuple[int, str]]
) -> None:
    kept = check_transcripts(sent, claimed)
    assert kept.texts.keys() | kept.errors.keys() == sent & {number for number, _ in claimed}
    assert all("\x00" not in text and text == text.strip() for text in kept.texts.values())


@given(st.dictionaries(st.integers(1, 99), st.binary(max_size=9)), st.integers(1, 5))
def test_portions_hold_each_page_once_within_their_bounds(
    pages: dict[int, bytes], most: int
) -> None:
    portions = batches(pages, most, 10)
    assert [one for portion in portions for one in portion.items()] == list(pages.items())
    for portion in portions:
        assert 1 <= len(portion) <= most
        assert sum(map(len, portion.values())) <= 10
