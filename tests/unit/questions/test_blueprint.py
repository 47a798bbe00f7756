"""The blueprint's promises."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.blueprint import apportion, draw_up
from functions.questions.rules.model import (
    Bloom,
    Difficulty,
    GenerationParameters,
    QuestionType,
)

wishes = st.builds(
    GenerationParameters,
    count=st.integers(1, 300),
    types=st.lists(st.sampled_from(list(QuestionType)), unique=True).map(tuple),
    difficulties=st.lists(st.sampled_from(list(Difficulty)), unique=True).map(tuple),
    blooms=st.lists(st.sampled_from(list(Bloom)), unique=True).map(tuple),
)


@given(wishes, st.integers(0))
def test_there_is_one_numbered_slot_for_each_question(
    wish: GenerationParameters, seed: int
) -> None:
    slots = draw_up(wish, seed)

    assert [slot.number for slot in slots] == list(range(1, wish.count + 1))


@given(wishes, st.integers(0))
def test_only_what_was_asked_for_is_planned(wish: GenerationParameters, seed: int) -> None:
    for slot in draw_up(wish, seed):
        assert slot.type in (wish.types or tuple(QuestionType))
        assert slot.difficulty in (wish.difficulties or tuple(Difficulty))
        assert slot.bloom in (wish.blooms or tuple(Bloom))


@given(wishes, st.integers(0))
def test_the_same_seed_gives_the_same_blueprint(wish: GenerationParameters, seed: int) -> None:
    assert draw_up(wish, seed) == draw_up(wish, seed)


@given(wishes, st.integers(0))
def test_each_position_is_the_key_equally_often(wish: GenerationParameters, seed: int) -> None:
    keys = Counter(
        slot.key_position for slot in draw_up(wish, seed) if slot.type is QuestionType.MCQ
    )

    counts = [keys[position] for position in range(4)]
    assert max(counts) - min(counts) <= 1


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=8), st.integers(0, 500))
def test_shares_add_up_and_are_fair_to_one(weights: list[float], count: int) -> None:
    shares = apportion(weights, count)

    assert sum(shares) == count
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - count * weight / sum(weights)) < 1.0001


@pytest.mark.parametrize("count", [1, 4, 20])
def test_without_a_wish_choice_questions_are_half(count: int) -> None:
    slots = draw_up(GenerationParameters(count), seed=1)

    choices = [slot for slot in slots if slot.type is QuestionType.MCQ]
    assert len(choices) in {count // 2, (count + 1) // 2}
