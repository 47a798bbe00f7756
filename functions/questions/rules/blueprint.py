"""The blueprint: how many questions of which type, difficulty and Bloom level, in which order."""

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

from functions.questions.rules.model import (
    Bloom,
    Difficulty,
    GenerationParameters,
    QuestionType,
    Slot,
)

Kind = TypeVar("Kind")

OPTIONS = 4

_TYPE_WEIGHTS: Mapping[QuestionType, float] = {
    QuestionType.MCQ: 0.5,
    QuestionType.TRUE_FALSE: 0.15,
    QuestionType.SHORT_ANSWER: 0.2,
    QuestionType.FILL_BLANK: 0.15,
}
_DIFFICULTY_WEIGHTS: Mapping[Difficulty, float] = {
    Difficulty.EASY: 0.3,
    Difficulty.MEDIUM: 0.5,
    Difficulty.HARD: 0.2,
}
_BLOOM_WEIGHTS: Mapping[Bloom, float] = {
    Bloom.REMEMBER: 0.35,
    Bloom.UNDERSTAND: 0.35,
    Bloom.APPLY: 0.15,
    Bloom.ANALYSE: 0.15,
}


def draw_up(parameters: GenerationParameters, seed: int) -> list[Slot]:
    """One slot for each question wanted.

    Each attribute is spread by weight (largest remainder, so counts are exact), and the three are
    shuffled independently with `seed`, so that no chunk gets just one kind. The keys of choice
    questions are dealt from decks of all positions: each position is the key equally often.
    """
    dice = random.Random(seed)  # noqa: S311  reproducible, not secret
    count = parameters.count
    types = _spread(_chosen(parameters.types, _TYPE_WEIGHTS), count, dice)
    difficulties = _spread(_chosen(parameters.difficulties, _DIFFICULTY_WEIGHTS), count, dice)
    blooms = _spread(_chosen(parameters.blooms, _BLOOM_WEIGHTS), count, dice)
    keys = _key_positions(types.count(QuestionType.MCQ), dice)
    return [
        Slot(
            number,
            kind,
            difficulty,
            bloom,
            keys.pop() if kind is QuestionType.MCQ else None,
        )
        for number, (kind, difficulty, bloom) in enumerate(
            zip(types, difficulties, blooms, strict=True), start=1
        )
    ]


def apportion(weights: Sequence[float], count: int) -> list[int]:
    """`count` split in proportion to `weights` by largest remainder (Hamilton's method)."""
    total = sum(weights)
    exact = [count * weight / total for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(
        range(len(weights)), key=lambda index: (shares[index] - exact[index], index)
    )
    for index in by_remainder[: count - sum(shares)]:
        shares[index] += 1
    return shares


def _chosen(wanted: Sequence[Kind], weights: Mapping[Kind, float]) -> dict[Kind, float]:
    if not wanted:
        return dict(weights)
    return dict.fromkeys(dict.fromkeys(wanted), 1.0)


def _spread(weights: Mapping[Kind, float], count: int, dice: random.Random) -> list[Kind]:
    shares = apportion(list(weights.values()), count)
    dealt = [kind for kind, share in zip(weights, shares, strict=True) for _ in range(share)]
    dice.shuffle(dealt)
    return dealt


def _key_positions(count: int, dice: random.Random) -> list[int]:
    positions: list[int] = []
    while len(positions) < count:
        deck = list(range(OPTIONS))
        dice.shuffle(deck)
        positions.extend(deck)
    return positions[:count]
