"""What a generation still lacks, why, and how what it has is spread over the blueprint."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.questions.rules.model import Slot, Span


@dataclass(frozen=True)
class ChunkOutcome:
    """How a chunk ended: why it left slots open. A chunk that isn't over says so for each.

    `repeated` is where questions stand that were dropped because they had been asked before.
    """

    round: int
    slots: tuple[Slot, ...]
    rejections: Mapping[int, str]
    repeated: tuple[Span, ...] = ()


def missing_slots(outcomes: Sequence[ChunkOutcome], filled: Collection[int]) -> list[Slot]:
    """The slots that no chunk has filled, in order.

    After a first round each stays with its page, where the text is that nobody asked about. What
    that page didn't give in another round either may come from anywhere.
    """
    anywhere = max((one.round for one in outcomes), default=0) > 1
    return [
        replace(slot, page=None) if anywhere else slot
        for number, slot in sorted(_slots(outcomes).items())
        if number not in filled
    ]


def shortfall_reasons(outcomes: Sequence[ChunkOutcome], missing: Sequence[Slot]) -> dict[str, int]:
    """For each slot that stayed open the last reason, counted: they add up to the shortfall."""
    last: dict[int, str] = {}
    for outcome in sorted(outcomes, key=lambda one: one.round):
        last.update(outcome.rejections)
    return dict(Counter(last.get(slot.number, "missing_item") for slot in missing))


def wanted(outcomes: Sequence[ChunkOutcome]) -> dict[str, Any]:
    """The blueprint in numbers, to be held against what was delivered."""
    slots = _slots(outcomes).values()
    return {
        "requested_types": dict(Counter(slot.type.value for slot in slots)),
        "requested_difficulty": dict(Counter(slot.difficulty.value for slot in slots)),
        "requested_bloom": dict(Counter(slot.bloom.value for slot in slots)),
        "rounds": max((one.round for one in outcomes), default=0),
    }


def _slots(outcomes: Sequence[ChunkOutcome]) -> dict[int, Slot]:
    return {slot.number: slot for one in outcomes for slot in one.slots}
