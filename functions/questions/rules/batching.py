"""Groups chunks into batches: one message, one worker, all their calls at once."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

Chunk = TypeVar("Chunk")


def batches(chunks: Sequence[Chunk], most: int) -> list[list[Chunk]]:
    """As few batches as hold `most` chunks each, of sizes that differ by one at the most.

    A worker waits for the model nearly all of its time. One that waits for thirty calls at once
    costs a little more than one that waits for a single call: it lasts as long as its slowest.
    """
    if not chunks:
        return []
    count = -(-len(chunks) // most)
    size, larger = divmod(len(chunks), count)
    starts = [number * size + min(number, larger) for number in range(count + 1)]
    return [list(chunks[start:end]) for start, end in pairwise(starts)]
