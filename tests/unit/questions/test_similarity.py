"""When two questions are the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.questions.rules.similarity import Gist, same_question


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Where is insulin made?", "pancreas"), ("Where is insulin made?", "the pancreas")),
        (
            ("Which organ makes the hormone insulin?", "pancreas"),
            ("Which organ makes insulin?", "pancreas"),
        ),
        (
            ("Insulin lowers the sugar in the blood.", ""),
            ("Insulin lowers the blood sugar.", ""),
        ),
    ],
)
def test_the_same_question_in_other_words_is_the_same(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    assert same_question(Gist.of(*first), Gist.of(*second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Where is insulin made?", "pancreas"), ("Where is bile stored?", "gall bladder")),
        (
            ("Which statement about viruses is true?", "They need a host."),
            ("Which statement about viruses is true?", "Capsids are made of protein."),
        ),
        (("Insulin lowers the blood sugar.", ""), ("Glucagon raises the blood pressure.", "")),
    ],
)
def test_different_questions_are_different(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert not same_question(Gist.of(*first), Gist.of(*second))


PAIRS = Path("tests/files/questions/duplicate_pairs.jsonl")


def _found(pair: dict[str, Any]) -> bool:
    first, second = (Gist.of(pair[one]["stem"], pair[one]["answer"]) for one in ("first", "second"))
    assert same_question(first, second) == same_question(second, first)
    return same_question(first, second)


def test_the_labelled_pairs_are_told_apart_as_the_rule_says() -> None:
    pairs = [json.loads(line) for line in PAIRS.read_text().splitlines()]
    repeated = [pair for pair in pairs if pair["same"]]
    different = [pair for pair in pairs if not pair["same"]]

    assert (len(repeated), len(different)) == (22, 28)
    assert sum(_found(pair) for pair in repeated) == 20
    assert sum(_found(pair) for pair in different) == 1
