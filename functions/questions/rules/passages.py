"""Cuts pages into passages, and finds those that are meant."""

import re
from collections.abc import Sequence
from itertools import pairwise

from functions.questions.rules.model import DocumentPage, Passage
from functions.questions.rules.sections import SHORTEST_SECTION, Section
from functions.questions.rules.similarity import content_words

PASSAGE_CHARACTERS, LEAST_PASSAGE_CHARACTERS = 1_500, 300
PASSAGES_PER_CHUNK = 5
# The ends of sentences in scripts with and without spaces, right to left ones too, and of
# paragraphs.
BOUNDARY = re.compile(r"(?<=[.!?؟۔।॥։።])[\s\"”’)»\u200f\u200e]|(?<=[。！？｡．])[”’」』）]?|\n\s*\n")


def longest_for(pages: Sequence[DocumentPage], chunks: int) -> int:
    """How long passages may be so that every one of `chunks` gets some of its own, no two the same.

    Where few are wanted of much text, passages are as long as is good to read.
    """
    fine = sum(len(page.text) for page in pages) // (PASSAGES_PER_CHUNK * max(1, chunks))
    return max(LEAST_PASSAGE_CHARACTERS, min(PASSAGE_CHARACTERS, fine))


def cut(
    page: DocumentPage, sections: Sequence[Section] = (), longest: int = PASSAGE_CHARACTERS
) -> list[Passage]:
    """A page's text in stretches of up to about `longest` characters.

    Sections begin stretches of their own; within a section the cuts are between sentences, and
    not within a formula where that can be helped.
    """
    starts = [*_section_starts(page, sections), len(page.text)]
    return [
        passage
        for start, end in pairwise(starts)
        for passage in _cut_section(page, start, end, longest)
    ]


def _section_starts(page: DocumentPage, sections: Sequence[Section]) -> list[int]:
    """Where the page begins, and where a section does that is far enough from the one before."""
    starts = [0]
    for section in sections:
        here = section.page == page.number and len(page.text) - section.start >= SHORTEST_SECTION
        if here and section.start - starts[-1] >= SHORTEST_SECTION:
            starts.append(section.start)
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
    ends = [match.end() for match in BOUNDARY.finditer(text, start, start + longest)]
    late = [end for end in ends if end > start + longest // 2]
    outside = [end for end in late if text.count("$", start, end) % 2 == 0]
    if late:
        return (outside or late)[-1]
    space = text.rfind(" ", start + longest // 2, start + longest)
    return space + 1 if space > start else start + longest


def about(passages: Sequence[Passage], focus: str) -> list[Passage]:
    """The passages that speak of `focus`: none where its words stand nowhere.

    Of several words the passages that have most of them are meant: at least half as many as the
    passage with the most.
    """
    terms = {term for term in content_words(focus) if len(term) > 1} or {focus.casefold().strip()}
    spoken = [_spoken(passage, terms) for passage in passages]
    least = max(1, -(-max(spoken, default=0) // 2))
    return [passage for passage, count in zip(passages, spoken, strict=True) if count >= least]


def _spoken(passage: Passage, terms: set[str]) -> int:
    """How many of the terms begin a word of the passage, or stand in a script without spaces."""
    words = content_words(passage.text)
    return sum(1 for term in terms if any(word.startswith(term) for word in words))


def near(passages: Sequence[Passage], page: int, pages_around: int = 2) -> list[Passage]:
    """The passages of a page and its neighbours, or all if there is none."""
    close = [passage for passage in passages if abs(passage.page - page) <= pages_around]
    return close or list(passages)
