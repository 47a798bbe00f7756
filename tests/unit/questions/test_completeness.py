"""What a generation lacks and why."""

from hypothesis import given
from hypothesis import strategies as st

from functions.questions.rules.blueprint import draw_up
from functions.questions.rules.completeness import (
    ChunkOutcome,
    missing_slots,
    shortfall_reasons,
    wanted,
)
from functions.questions.rules.model import GenerationParameters

REASONS = ("duplicate", "quote_not_found", "missing_item", "reply_truncated")


@given(count=st.integers(1, 40), data=st.data())
def test_the_reasons_add_up_to_the_shortfall(count: int, data: st.DataObject) -> None:
    slots = draw_up(GenerationParameters(count), seed=1)
    filled = data.draw(st.sets(st.integers(1, count)))
    rounds = data.draw(st.integers(1, 3))
    outcomes = [
        ChunkOutcome(
            round_,
            tuple(slots),
            data.draw(st.dictionaries(st.integers(1, count), st.sampled_from(REASONS))),
        )
        for round_ in range(1, rounds + 1)
    ]

    missing = missing_slots(outcomes, filled)

    assert sum(shortfall_reasons(outcomes, missing).values()) == count - len(filled)


def test_the_last_reason_counts() -> None:
    slots = tuple(draw_up(GenerationParameters(1), seed=1))
    outcomes = [
        ChunkOutcome(2, slots, {1: "duplicate"}),
        ChunkOutcome(1, slots, {1: "quote_not_found"}),
    ]

    assert shortfall_reasons(outcomes, slots) == {"duplicate": 1}


def test_the_blueprint_is_told_once_for_each_slot() -> None:
    slots = tuple(draw_up(GenerationParameters(8), seed=1))
    outcomes = [ChunkOutcome(1, slots, {}), ChunkOutcome(2, slots[:3], {})]

    told = wanted(outcomes)

    assert sum(told["requested_types"].values()) == 8
    assert sum(told["requested_difficulty"].values()) == 8
    assert sum(told["requested_bloom"].values()) == 8
    assert told["rounds"] == 2
