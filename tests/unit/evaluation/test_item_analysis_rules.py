"""Item statistics agree with worked examples and say nothing where too few learners answered."""

from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.rules.item_analysis import (
    FEWEST_LEARNERS,
    KeyDoubt,
    correlation,
    doubted_key,
    item_numbers,
    set_numbers,
)

# Ten learners, three items of one point.
SCORES = [
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 0],
    [1, 0, 1],
    [1, 1, 0],
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 1],
    [0, 0, 0],
]


def test_facility_is_the_share_of_the_points() -> None:
    assert item_numbers(SCORES, 0, 1.0).facility == pytest.approx(0.7)
    assert item_numbers(SCORES, 0, 2.0).facility == pytest.approx(0.35)


def test_discrimination_is_the_correlation_with_the_other_items() -> None:
    rest = [row[1] + row[2] for row in SCORES]

    found = item_numbers(SCORES, 0, 1.0).discrimination

    assert found == pytest.approx(correlation([row[0] for row in SCORES], rest))
    assert found == pytest.approx(0.2182, abs=1e-4)  # 0.07 / (√0.21 · 0.7)


def test_alpha_of_right_and_wrong_is_kuder_richardson_20() -> None:
    shares = [sum(row[item] for row in SCORES) / 10 for item in range(3)]
    totals = [sum(row) for row in SCORES]
    mean = sum(totals) / 10
    variance = sum((total - mean) ** 2 for total in totals) / 10
    kr20 = 3 / 2 * (1 - sum(p * (1 - p) for p in shares) / variance)

    numbers = set_numbers(SCORES)

    assert numbers.reliability == pytest.approx(kr20)
    assert numbers.mean == pytest.approx(1.6)
    assert numbers.standard_error is not None


def test_too_few_learners_carry_no_discrimination_and_no_reliability() -> None:
    few = SCORES[: FEWEST_LEARNERS - 1]

    assert item_numbers(few, 0, 1.0).discrimination is None
    assert set_numbers(few).reliability is None
    assert set_numbers(few[:1]).standard_deviation is None
    assert set_numbers([]).mean is None
    assert item_numbers([], 0, 1.0).facility is None


def test_what_does_not_vary_has_no_discrimination() -> None:
    assert item_numbers([[1, n % 2] for n in range(10)], 0, 1.0).discrimination is None


def test_a_distractor_that_the_stronger_half_prefers_doubts_the_key() -> None:
    chosen = [2, 2, 2, 1, 2, 1, 0, 1, 3, 1]
    right = [one == 1 for one in chosen]

    found = doubted_key(chosen, list(range(10, 0, -1)), right, 0.1)

    assert found is not None
    assert (found.doubt, found.preferred) == (KeyDoubt.DISTRACTOR_PREFERRED, 2)


def test_a_common_wrong_filling_doubts_the_list_of_accepted_ones() -> None:
    chosen = ["atp", "atp", "atp", "energy", "energy", "energy", "energy", "x", "y", "z"]
    right = [one == "energy" for one in chosen]

    found = doubted_key(chosen, [9, 9, 9, 8, 8, 8, 8, 1, 1, 1], right, 0.3)

    assert found is not None
    assert found.doubt is KeyDoubt.DISTRACTOR_PREFERRED or found.preferred == "atp"


def test_a_negative_discrimination_doubts_the_key() -> None:
    found = doubted_key([0] * 10, list(range(10)), [True] * 10, -0.5)

    assert found is not None
    assert found.doubt is KeyDoubt.NEGATIVE_DISCRIMINATION


@pytest.mark.parametrize(("learners", "doubted"), [(10, False), (12, False), (50, True)])
def test_a_correlation_that_chance_explains_doubts_no_key(learners: int, doubted: bool) -> None:
    found = doubted_key([0] * learners, list(range(learners)), [True] * learners, -0.2)

    assert (found is not None) == doubted


@pytest.mark.parametrize(
    ("learners", "most_sound", "least_wrong"),
    [(12, 0.12, 0.85), (30, 0.06, 0.9), (100, 0.02, 0.98)],
)
def test_few_sound_keys_are_doubted_and_nearly_every_wrong_one(
    learners: int, most_sound: float, least_wrong: float
) -> None:
    """Answers of a three-parameter model: ten items of four options, one with a wrong key."""
    chance = Random(11)
    sound, wrong, sets = 0, 0, 100
    for _ in range(sets):
        doubts = _doubts(chance, learners)
        wrong += doubts[0]
        sound += sum(doubts[1:])
    assert sound / (9 * sets) <= most_sound
    assert wrong / sets >= least_wrong


def _choice(chance: Random, advantage: float) -> int:
    knows = chance.random() < 0.25 + 0.75 / (1 + exp(-1.2 * advantage))
    return 1 if knows else chance.choice([0, 2, 3])


def _doubts(chance: Random, learners: int) -> list[bool]:
    hardness = [chance.uniform(-1.5, 1.5) for _ in range(10)]
    able = [chance.gauss(0, 1) for _ in range(learners)]
    chosen = [[_choice(chance, one - hard) for hard in hardness] for one in able]
    keys = [2, *[1] * 9]
    scores = [[float(one == key) for one, key in zip(row, keys, strict=True)] for row in chosen]
    return [
        doubted_key(
            [row[item] for row in chosen],
            [sum(row) - row[item] for row in scores],
            [row[item] == 1.0 for row in scores],
            item_numbers(scores, item, 1.0).discrimination,
        )
        is not None
        for item in range(10)
    ]


def test_a_sound_key_is_not_doubted() -> None:
    chosen = [1] * 7 + [0, 2, 3]

    assert doubted_key(chosen, list(range(10, 0, -1)), [one == 1 for one in chosen], 0.5) is None
    assert doubted_key([0, 0], [1, 1], [False, False], None) is None


@given(
    st.lists(
        st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=FEWEST_LEARNERS, max_size=40
    )
)
def test_numbers_stay_in_their_ranges(scores: list[list[float]]) -> None:
    for item in range(4):
        numbers = item_numbers(scores, item, 2.0)
        assert numbers.facility is not None
        assert 0 <= numbers.facility <= 1
        assert numbers.discrimination is None or -1 <= numbers.discrimination <= 1
    reliability = set_numbers(scores).reliability
    assert reliability is None or reliability <= 1 + 1e-9
