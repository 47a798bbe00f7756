"""Deals passages and slots to chunks: parallel calls ask different things, of all the text."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from functions.questions.rules.model import ChunkPlan, Passage, Slot, Span
from functions.questions.rules.statements import left_to_say

CHUNK_CHARACTERS = 12_000


def deal(
    slots: Sequence[Slot],
    passages: Sequence[Passage],
    chunk_size: int,
    asked: Sequence[Span] = (),
    most_characters: int = CHUNK_CHARACTERS,
) -> list[ChunkPlan]:
    """Chunks of `chunk_size` slots, each slot with its page and each chunk with its own passages.

    Slots are set at equal distances over what the passages have to say, without what was `asked`:
    so every page and every section, being stretches of it, gets its share to within one question.
    A slot that has a page keeps it. A chunk reads what is nearer to its slots than to another's;
    of more than `most_characters` what is nearest. With fewer passages than chunks, neighbours
    share.
    """
    text = _Text(passages, asked)
    places = [text.place_of(slot, (at + 0.5) / len(slots)) for at, slot in enumerate(slots)]
    order = sorted(range(len(slots)), key=lambda at: (places[at], at))
    groups = [order[start : start + chunk_size] for start in range(0, len(order), chunk_size)]
    edges = [(places[before[-1]] + places[after[0]]) / 2 for before, after in pairwise(groups)]
    plans: list[ChunkPlan] = []
    for group, (low, high) in zip(groups, pairwise([0.0, *edges, 1.0]), strict=True):
        read = text.read([places[at] for at in group], low, high, most_characters)
        plans.append(ChunkPlan(tuple(text.placed(slots[at], places[at]) for at in group), read))
    return plans


class _Text:
    """The passages laid end to end, from 0 to 1 by what is left to say in each."""

    def __init__(self, passages: Sequence[Passage], asked: Sequence[Span]) -> None:
        self._passages = passages
        weights = [left_to_say(passage, asked) for passage in passages]
        total = sum(weights)
        ends = [end / total for end in accumulate(weights)]
        self._starts = [0.0, *ends[:-1]]
        self._middles = [(start + end) / 2 for start, end in zip(self._starts, ends, strict=True)]
        self._pages: dict[int, list[float]] = {}
        for passage, middle in zip(passages, self._middles, strict=True):
            self._pages.setdefault(passage.page, []).append(middle)

    def place_of(self, slot: Slot, otherwise: float) -> float:
        """The middle of the slot's page; `otherwise` where it has none, or none of these."""
        middles = self._pages.get(slot.page or 0)
        return sum(middles) / len(middles) if middles else otherwise

    def placed(self, slot: Slot, place: float) -> Slot:
        """The slot with the page that `place` is on."""
        at = max(0, bisect_right(self._starts, place) - 1)
        return slot if slot.page else replace(slot, page=self._passages[at].page)

    def read(
        self, places: Sequence[float], low: float, high: float, most_characters: int
    ) -> tuple[Passage, ...]:
        """The passages between `low` and `high`, of too many those nearest to the places."""
        share = [at for at, middle in enumerate(self._middles) if low <= middle < high]
        share = share or [min(range(len(self._middles)), key=lambda at: self._away(at, places))]
        nearest = sorted(share, key=lambda at: self._away(at, places))
        lengths = accumulate(len(self._passages[at].text) for at in nearest)
        kept = [
            at for at, length in zip(nearest, lengths, strict=True) if length <= most_characters
        ]
        return tuple(joined(self._passages[at] for at in sorted(kept or nearest[:1])))

    def _away(self, at: int, places: Sequence[float]) -> float:
        return min(abs(self._middles[at] - place) for place in places)


def joined(passages: Iterable[Passage]) -> list[Passage]:
    """The passages, those that follow each other on a page as one."""
    joined: list[Passage] = []
    for passage in passages:
        before = joined[-1] if joined else None
        if before and (before.page, before.end) == (passage.page, passage.start):
            text = before.text + passage.text
            joined[-1] = Passage(passage.page, before.start, passage.end, text)
        else:
            joined.append(passage)
    return joined
