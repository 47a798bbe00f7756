"""Citations count only where the document says so."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.chat.citations import (
    MOST_CITATIONS,
    Citation,
    Passage,
    parse_citations,
    verified_citations,
)

PASSAGES = [
    Passage(3, "Enzymes lower the activa-\ntion energy. They are not used up."),
    Passage(4, "酵素は活性化エネルギーを下げる。"),
]


def tail(*items: Any) -> str:
    return "\n" + json.dumps(items, ensure_ascii=False)


def test_a_true_quote_is_kept_as_it_stands_on_the_page() -> None:
    claimed = {"page": 3, "quote": "Enzymes lower the activation energy."}
    assert verified_citations(tail(claimed), PASSAGES) == [
        Citation(3, "Enzymes lower the activa-\ntion energy.")
    ]


def test_a_quote_without_spaces_between_words_counts_too() -> None:
    claimed = {"page": 4, "quote": "酵素は活性化エネルギーを下げる"}
    assert len(verified_citations(tail(claimed), PASSAGES)) == 1


@pytest.mark.parametrize(
    "claimed",
    [
        {"page": 3, "quote": "Enzymes raise the activation energy."},
        {"page": 4, "quote": "Enzymes lower the activation energy."},
        {"page": 9, "quote": "Enzymes lower the activation energy."},
        {"page": 3, "quote": "They are"},
        {"page": 3, "quote": ""},
        {"page": "3", "quote": "Enzymes lower the activation energy."},
        {"page": True, "quote": "Enzymes lower the activation energy."},
        {"page": 3, "quote": None},
        {"page": 3},
        "Enzymes lower the activation energy.",
        None,
    ],
)
def test_what_is_no_true_quote_is_dropped(claimed: Any) -> None:
    assert verified_citations(tail(claimed), PASSAGES) == []


def test_the_same_sentence_is_cited_once() -> None:
    claimed = {"page": 3, "quote": "They are not used up."}
    assert len(verified_citations(tail(claimed, claimed), PASSAGES)) == 1


def test_an_array_in_a_code_fence_is_read() -> None:
    assert parse_citations('```json\n[{"page": 1, "quote": "x"}]\n```') == [Citation(1, "x")]


def test_no_more_than_twenty_citations_are_looked_at() -> None:
    claimed = [{"page": 1, "quote": str(number)} for number in range(30)]
    assert len(parse_citations(tail(*claimed))) == MOST_CITATIONS


@given(st.text(max_size=60) | st.just("[" * 100_000))
def test_any_tail_is_survived(text: str) -> None:
    assert verified_citations(text, PASSAGES) == []
