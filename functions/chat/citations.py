"""Reads the citations of a reply and keeps those that stand on the page they name."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.quotes import FoldedPage, fold

MOST_CITATIONS: Final = 20
# A quote must prove something: ten letters of Latin script, four characters of Chinese.
_LEAST_BYTES: Final = 10

_ARRAY = re.compile(r"\[")


@dataclass(frozen=True)
class Passage:
    """Text of one page that the model may answer from.

    `transcribed` says that the page is a picture, whose text another model has read.
    """

    page: int
    text: str
    transcribed: bool = False


@dataclass(frozen=True)
class Citation:
    """Words of a page, exactly as they stand there, or in the transcription of its picture."""

    page: int
    quote: str
    transcribed: bool = False

    def as_json(self) -> dict[str, Any]:
        """The citation as it is stored and sent."""
        return {"page": self.page, "quote": self.quote, "transcribed": self.transcribed}


def verified_citations(tail: str, passages: Iterable[Passage]) -> list[Citation]:
    """The citations in a reply's `tail` that are true of `passages`; each once."""
    folded: dict[int, FoldedPage] = {}
    cited = {passage.page: passage for passage in passages}
    kept: dict[Citation, None] = {}
    for claimed in parse_citations(tail):
        if claimed.page not in cited or len(fold(claimed.quote).encode()) < _LEAST_BYTES:
            continue
        passage = cited[claimed.page]
        if claimed.page not in folded:
            folded[claimed.page] = FoldedPage(passage.text)
        span = folded[claimed.page].locate(claimed.quote)
        if span is not None:
            words = passage.text[span.start : span.end]
            kept[Citation(claimed.page, words, passage.transcribed)] = None
    return list(kept)


def parse_citations(tail: str) -> Sequence[Citation]:
    """What the model claims; whatever isn't a citation is left out."""
    opening = _ARRAY.search(tail)
    if opening is None:
        return []
    try:
        items, _ = json.JSONDecoder().raw_decode(tail, opening.start())
    except (ValueError, RecursionError):
        return []
    claimed = [_citation(item) for item in items[:MOST_CITATIONS]]
    return [citation for citation in claimed if citation is not None]


def _citation(item: object) -> Citation | None:
    if not isinstance(item, dict):
        return None
    page, quote = item.get("page"), item.get("quote")
    if isinstance(page, bool) or not isinstance(page, int) or not isinstance(quote, str):
        return None
    return Citation(page, quote.encode(errors="ignore").decode())
