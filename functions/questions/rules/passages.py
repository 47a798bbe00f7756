"""Cuts pages into passages and deals them out, so that parallel calls ask different things."""

import re
from collections.abc import Sequence
from itertools import pairwise

from functions.questions.rules.model import ChunkPlan, DocumentPage, Passage, Slot

PASSAGE_CHARACTERS = 1_500
CHUNK_CHARACTERS = 12_000
# The ends of sentences in scripts with and without spaces, right to left ones too, and of
# paragraphs.
_BOUNDARY = re.compile(
    r"(?<=[.!?؟۔।॥։።])[\s\"”’)»\u200f\u200e]|(?<=[。！？｡．])[”’」』）]?|\n\s*\n"
)
_HEADING = re.compile(
    r"^[^\S\n]*(?=\d{1,2}(?:\.\d{1,2}){1,3}\.?[^\S\n]+[^\W\d_]"
    r"|(?:chapter|section|part|kapitel|abschnitt|chapitre|partie|capítulo|sección)\s+[\divxlc]+\b"
    r"|第[\d一二三四五六七八九十百]{1,4}[章节節編部])",
    re.IGNORECASE | re.MULTILINE,
)
SHORTEST_SECTION = 200
_WORD = re.compile(r"\w{3,}")


def cut(page: DocumentPage, longest: int = PASSAGE_CHARACTERS) -> list[Passage]:
    """A page's text in stretches of up to about `longest` characters.

    Sections begin stretches of their own; within a section the cuts are between sentences, and
    not within a formula where that can be helped.
    """
    starts = [*_section_starts(page.text), len(page.text)]
    return [
        passage
        for start, end in pairwise(starts)
        for passage in _cut_section(page, start, end, longest)
    ]


def _section_starts(text: str) -> list[int]:
    """Where the page begins, and where a heading stands far enough from the one before."""
    starts = [0]
    for heading in _HEADING.finditer(text):
        far = heading.start() - starts[-1] >= SHORTEST_SECTION
        if far and len(text) - heading.start() >= SHORTEST_SECTION:
            starts.append(heading.start())
    return starts


def _cut_section(page: DocumentPage, start: int, length: int, longest: int) -> list[Passage]:
    passages: list[Passage] = []
    while start < length:
        end = length if length - start <= longest * 1.3 else _cut_at(page.text, start, longest)
        if page.text[start:end].strip():
            passages.append(Passage(page.number, start, end, page.text[start:end]))
        start = end
    return passages


def _cut_at(text: str, start: int, longest: int) -> int:
    ends = [match.end() for match in _BOUNDARY.finditer(text, start, start + longest)]
    late = [end for end in ends if end > start + longest // 2]
    outside = [end for end in late if text.count("$", start, end) % 2 == 0]
    if late:
        return (outside or late)[-1]
    space = text.rfind(" ", start + longest // 2, start + longest)
    return space + 1 if space > start else start + longest


def about(passages: Sequence[Passage], focus: str) -> list[Passage]:
    """The passages that speak of `focus`, or all if none does."""
    terms = {term.casefold() for term in _WORD.findall(focus)} or {focus.casefold().strip()}
    speaking = [
        passage for passage in passages if any(term in passage.text.casefold() for term in terms)
    ]
    return speaking or list(passages)


def near(passages: Sequence[Passage], page: int, pages_around: int = 2) -> list[Passage]:
    """The passages of a page and its neighbours, or all if there is none."""
    close = [passage for passage in passages if abs(passage.page - page) <= pages_around]
    return close or list(passages)


def deal(
    slots: Sequence[Slot],
    passages: Sequence[Passage],
    chunk_size: int,
    most_characters: int = CHUNK_CHARACTERS,
) -> list[ChunkPlan]:
    """Chunks of `chunk_size` slots, each with its own contiguous share of the passages.

    Shares follow the text's length, so a page gets as many questions as it has to say; a share
    over `most_characters` is thinned evenly. With fewer passages than chunks, neighbours share.
    """
    groups = [
        tuple(slots[index : index + chunk_size]) for index in range(0, len(slots), chunk_size)
    ]
    shares = _split([len(group) for group in groups], passages)
    return [
        ChunkPlan(group, tuple(_thin(share, most_characters)))
        for group, share in zip(groups, shares, strict=True)
    ]


def _split(sizes: Sequence[int], passages: Sequence[Passage]) -> list[list[Passage]]:
    total_size, total_text = sum(sizes), sum(len(passage.text) for passage in passages)
    middles: list[float] = []
    position = 0
    for passage in passages:
        middles.append((position + len(passage.text) / 2) / total_text)
        position += len(passage.text)
    shares: list[list[Passage]] = []
    taken = 0
    for size in sizes:
        low, high = taken / total_size, (taken + size) / total_size
        share = [
            passage
            for passage, middle in zip(passages, middles, strict=True)
            if low <= middle < high
        ]
        centre = (low + high) / 2
        nearest = min(range(len(passages)), key=lambda index: abs(middles[index] - centre))
        shares.append(share or [passages[nearest]])
        taken += size
    return shares


def _thin(share: Sequence[Passage], most_characters: int) -> list[Passage]:
    total = sum(len(passage.text) for passage in share)
    if total <= most_characters:
        return list(share)
    kept = max(1, int(len(share) * most_characters / total))
    step = len(share) / kept
    return [share[int(index * step)] for index in range(kept)]
