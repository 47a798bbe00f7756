"""The cache's key: equal for the same answer typed otherwise, never for another answer."""

import json
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.rules.canonical_answer import CacheScope, cache_key, canonical_answer
from functions.evaluation.rules.near_policy import is_near, trigram_similarity

PAIRS = Path(__file__).parents[2] / "files" / "minimal_pairs"
SENTENCE = (
    "We know from the experiment that was described in the chapter on measurement that {} "
    "whenever everything else about the arrangement remains exactly as it was described before"
)
SCOPE = CacheScope("tenant", "question", 1, "rubric", 2.0, "en", "model", "prompt-1")


def pairs(name: str) -> list[Any]:
    with (PAIRS / f"{name}.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        pytest.param(row, id=f"{row['kind']}-{row['language']}-{n}") for n, row in enumerate(rows)
    ]


def keys(row: dict[str, str]) -> tuple[str, str]:
    language = row["language"]
    return canonical_answer(row["left"], language), canonical_answer(row["right"], language)


def scripts_of(text: str) -> set[str]:
    return {unicodedata.name(letter).split(" ")[0] for letter in text if letter.isalpha()}


@pytest.mark.parametrize("row", pairs("must_differ"))
def test_answers_that_differ_have_different_keys(row: dict[str, str]) -> None:
    left, right = keys(row)
    assert left != right


@pytest.mark.parametrize("row", pairs("must_differ"))
def test_answers_that_differ_have_different_keys_inside_a_sentence_too(row: dict[str, str]) -> None:
    language = row["language"]
    assert canonical_answer(SENTENCE.format(row["left"]), language) != canonical_answer(
        SENTENCE.format(row["right"]), language
    )


def test_the_pairs_that_must_differ_are_many_and_of_many_scripts() -> None:
    rows = [param.values[0] for param in pairs("must_differ")]
    assert len({(row["left"], row["right"]) for row in rows}) == len(rows) >= 150
    scripts = set().union(*(scripts_of(row["left"]) for row in rows))
    wanted = {"LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "CJK", "GREEK", "HEBREW", "HANGUL"}
    assert wanted <= scripts
    kinds = Counter(row["kind"] for row in rows)
    named = ("negation", "sign", "unit", "exponent", "swapped_roles", "antonym", "number", "order")
    assert all(kinds[kind] >= 9 for kind in (*named, "case", "script")), kinds


def test_nearly_all_answers_that_are_the_same_have_one_key() -> None:
    rows = [param.values[0] for param in pairs("must_match")]
    equal = [row for row in rows if len(set(keys(row))) == 1]
    assert len(rows) >= 60
    assert len(equal) >= 100


@given(st.text(max_size=200), st.sampled_from(["en", "de", "hi", "ar", "und"]))
def test_a_key_is_the_key_of_itself_composed_or_not(text: str, language: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert canonical_answer(decomposed, language) == canonical_answer(text, language)


words = st.lists(
    st.sampled_from(
        ["bulb", "battery", "gap", "closed", "open", "not", "no", "2", "-40", "==", "m²", "a", "B"]
    ),
    min_size=1,
    max_size=8,
)


@given(words, words)
def test_content_words_in_another_number_or_order_make_another_key(
    left: list[str], right: list[str]
) -> None:
    def content(tokens: list[str]) -> list[str]:
        return [token for token in tokens if token != "a"]

    if content(left) != content(right):
        assert canonical_answer(" ".join(left), "en") != canonical_answer(" ".join(right), "en")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tenant_id", "other"),
        ("question_id", "other"),
        ("question_version", 2),
        ("rubric_hash", "other"),
        ("max_score", 3.0),
        ("language", "fr"),
        ("model", "other"),
        ("prompt_version", "prompt-2"),
    ],
)
def test_each_field_of_the_scope_parts_keys(field: str, value: Any) -> None:
    other = replace(SCOPE, **{field: value})
    assert cache_key(other, "there is a gap") != cache_key(SCOPE, "there is a gap")


def test_fields_of_the_scope_do_not_run_together() -> None:
    left = replace(SCOPE, tenant_id="ab", question_id="c")
    right = replace(SCOPE, tenant_id="a", question_id="bc")
    assert cache_key(left, "x") != cache_key(right, "x")


def test_equal_answers_share_a_key_in_one_scope() -> None:
    assert cache_key(SCOPE, "There is a gap.") == cache_key(SCOPE, "because there’s a gap")


def test_a_lone_surrogate_has_a_key_of_its_own() -> None:
    assert cache_key(SCOPE, "light\ud800") != cache_key(SCOPE, "light")


NEAR = "we found that the positive terminal of the batery pack is separated from the other terminal"


def test_the_near_policy_takes_a_misspelling_in_a_long_answer() -> None:
    other = NEAR.replace("pack", "packk")
    assert canonical_answer(NEAR, "en") != canonical_answer(other, "en")
    assert is_near(canonical_answer(NEAR, "en"), canonical_answer(other, "en"), "en")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("is separated", "is not separated"),
        ("positive", "negative"),
        ("the other terminal", "the other 2 terminal"),
        ("found that the positive", "found positive that the"),
    ],
)
def test_the_near_policy_guards_negation_numbers_antonyms_and_order(old: str, new: str) -> None:
    left, right = (canonical_answer(text, "en") for text in (NEAR, NEAR.replace(old, new)))
    assert left != right
    assert not is_near(left, right, "en")


def test_the_near_policy_is_for_english_alone() -> None:
    assert not is_near(NEAR, NEAR + "s", "de")
    assert is_near(NEAR, NEAR, "de")


@given(st.text(max_size=50), st.text(max_size=50))
def test_trigram_similarity_is_symmetric_and_within_zero_and_one(left: str, right: str) -> None:
    similarity = trigram_similarity(left, right)
    assert 0.0 <= similarity <= 1.0
    assert similarity == trigram_similarity(right, left)
    assert trigram_similarity(left, left) == 1.0
