"""A document's sections by its outline, the PDF's bookmarks, where these divide the text.

A bookmark leads to a page; where on it the section begins is told by its title, if it stands there.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from functions.questions.rules.model import DocumentPage
from functions.questions.rules.sections import (
    LONGEST_TITLE,
    Section,
    from_the_beginning,
    sections_of,
)

MOST_SECTIONS = 200
# An outline with a longer section than this says nothing of how the text is divided.
LONGEST_SHARE = 0.8
MOST_TITLE_LINES = 3
_LEAST_LETTERS = 2
_NUMBER = re.compile(r"\s*(?:[^\W\d]+\s+)?(?:\d{1,3}(?:\.\d{1,3})*|[ivxlc]+)[.:)]?\s+", re.I)


@dataclass(frozen=True)
class Bookmark:
    """An entry of an outline; `level` says how deep it stands, from 1."""

    title: str
    page: int
    level: int


def document_sections(
    pages: Sequence[DocumentPage], outline: Sequence[Bookmark] = ()
) -> list[Section]:
    """The sections of `pages` in order, the first from the very beginning: those of the outline
    where it divides the text, else those that the headings in the text make."""
    if not pages:
        return []
    found = from_the_beginning(_outlined(pages, outline), pages)
    return found if _divide(found, pages) else sections_of(pages)


def _outlined(pages: Sequence[DocumentPage], outline: Sequence[Bookmark]) -> list[Section]:
    texts = {page.number: page.text for page in pages}
    known = [entry for entry in outline if entry.page in texts]
    found: list[Section] = []
    for entry in _in_order(_of_upper_levels(known)):
        section = _placed(entry, texts, found[-1] if found else None)
        if section is not None:
            found.append(section)
    return found


def _of_upper_levels(outline: Sequence[Bookmark]) -> Sequence[Bookmark]:
    """The entries down to the deepest level with which they aren't too many."""
    levels = sorted({entry.level for entry in outline}, reverse=True)
    for deepest in levels:
        kept = [entry for entry in outline if entry.level <= deepest]
        if len(kept) <= MOST_SECTIONS:
            return kept
    return []


def _in_order(outline: Sequence[Bookmark]) -> list[Bookmark]:
    """The most entries whose pages never go back: the others lead to wrong ones."""
    ends: list[int] = []  # of the sequences of each length, the lowest last page
    lengths: list[int] = []
    for entry in outline:
        at = bisect_right(ends, entry.page)
        ends[at : at + 1] = [entry.page]
        lengths.append(at + 1)
    chain: list[Bookmark] = []
    wanted = len(ends)
    for entry, length in zip(reversed(outline), reversed(lengths), strict=True):
        if length == wanted and (not chain or entry.page <= chain[-1].page):
            chain.append(entry)
            wanted -= 1
    return chain[::-1]


def _placed(entry: Bookmark, texts: Mapping[int, str], before: Section | None) -> Section | None:
    """Where the entry's section begins: at its title, or at the top of a page of its own."""
    title = " ".join(entry.title.split())[:LONGEST_TITLE]
    taken = before.start if before is not None and before.page == entry.page else None
    start = _title_at(title, texts[entry.page], -1 if taken is None else taken)
    if start is not None:
        return Section(title, entry.page, start)
    return Section(title, entry.page, 0) if taken is None else None


def _title_at(title: str, text: str, after: int) -> int | None:
    """The offset of the first line after `after` that is the title, numbered or not, or begins the
    lines that are."""
    wanted = {folded for folded in _folded(title) if len(folded) >= _LEAST_LETTERS}
    lines = [match for match in re.finditer(r"[^\n]+", text) if match.start() > after]
    for index, line in enumerate(lines):
        for last in lines[index : index + MOST_TITLE_LINES]:
            said = text[line.start() : last.end()]
            if len(said) > 2 * LONGEST_TITLE:
                break
            if wanted & _folded(said):
                return line.start()
    return None


def _folded(text: str) -> set[str]:
    """The text's letters and digits, with the number at its beginning and without."""
    plain = unicodedata.normalize("NFKC", text)
    return {
        "".join(one for one in variant.casefold() if one.isalnum())
        for variant in (plain, _NUMBER.sub("", plain, count=1) if _NUMBER.match(plain) else plain)
    }


def _divide(found: Sequence[Section], pages: Sequence[DocumentPage]) -> bool:
    """Whether the sections are several, and none is nearly all there is."""
    before, position = {}, 0
    for page in pages:
        before[page.number] = position
        position += len(page.text)
    starts = [before[section.page] + section.start for section in found]
    lengths = [end - start for start, end in pairwise([*starts, position])]
    return len(found) > 1 and max(lengths) <= LONGEST_SHARE * position
