"""Finds a quote on a page however either was typed, and says where it stands in the page's text.

Folded away is only what typesetting changes: Unicode compatibility forms (ligatures, fractions,
presentation forms), white space, hyphens between letters (a line break may have put them there,
and who quotes may have left them out), invisible characters, and which quotation marks and dashes
are used. Letters, their case and marks, digits, signs and punctuation count.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

# Two letters or digits stand on nearly every page by chance, three can be a word: the least that a
# quote may be. Whoever wants a sentence as proof asks for more.
MINIMUM_LETTERS: Final = 3

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\u0060", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u301d\u301e", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2044\u2215", "/"),
    }
)
_SOFT_HYPHEN_AT_LINE_END = re.compile(r"\u00ad(?=[^\S\n]*\n)")
# Beyond the format characters: tatweel, joiners and fillers that show nothing or only length.
_INVISIBLE = frozenset("\u0640\u034f\u115f\u1160\u3164\uffa0\ufe0e\ufe0f")

# With the plain character before it, on which its first mark may stand.
_BEYOND_ASCII = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
# What joins the character before it in composition: marks, and these that aren't called marks.
_JOINING = re.compile("[\u1161-\u11ff\uff9e\uff9f]")

# Scripts written without spaces between words: white space at their letters is a line's end.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
# Where words aren't told apart by spaces, or endings are put to them as in Korean.
_NO_WORD_EDGE = re.compile(f"[{_UNSPACED}\uac00-\ud7a3]")
_LINE_END = r"[^\S\n]*+\n\s*+"
_TYPESETTING = re.compile(
    rf"(?P<nothing>(?<=[{_UNSPACED}])\s++|\s+(?=[{_UNSPACED}])"
    rf"|(?<=[^\W\d_])-(?:{_LINE_END})?+(?=[^\W\d_])"
    rf"|(?<=\w-){_LINE_END}(?=\w))"
    # A single space stays as it is, and is most of all white space: not even looked at.
    r"|\A\s++|(?! \S)\s++"
)


@dataclass(frozen=True, slots=True)
class QuoteSpan:
    """Where a quote stands: `page_text[start:end]`."""

    start: int
    end: int


def fold(text: str) -> str:
    """The form in which a quote and its page are compared."""
    return FoldedPage(text).folded


def locate_quote(quote: str, page_text: str) -> QuoteSpan | None:
    """Where `quote` stands in `page_text`; see FoldedPage.locate.

    For several quotes of one page keep the FoldedPage.
    """
    return FoldedPage(page_text).locate(quote)


class FoldedPage:
    """A page's text, folded once, in which quotes are found at their original offsets."""

    def __init__(self, text: str) -> None:
        self._original = text
        plain = _SOFT_HYPHEN_AT_LINE_END.sub("-", text.translate(_TYPOGRAPHY))
        self._composed = _Rewriting(plain, () if plain.isascii() else _compositions(plain))
        self._set_plainly = _Rewriting(self._composed.text, _typesetting(self._composed.text))

    @property
    def folded(self) -> str:
        """What quotes are compared with."""
        return self._set_plainly.text

    def locate(self, quote: str) -> QuoteSpan | None:
        """The first place where the page says `quote`, whole words of it.

        The span's text folds to what the quote folds to. None where the page doesn't say it, and
        where the quote has fewer than MINIMUM_LETTERS letters and digits.
        """
        wanted = fold(quote)
        if sum(character.isalnum() for character in wanted) < MINIMUM_LETTERS:
            return None
        index = self.folded.find(wanted)
        while index >= 0:
            span = self._original_span(index, index + len(wanted))
            if span is not None and self._is_whole(span, wanted):
                return span
            index = self.folded.find(wanted, index + 1)
        return None

    def _original_span(self, start: int, end: int) -> QuoteSpan | None:
        composed = self._set_plainly.source_span(start, end)
        original = composed and self._composed.source_span(*composed)
        return QuoteSpan(*original) if original else None

    def _is_whole(self, span: QuoteSpan, wanted: str) -> bool:
        return (
            not self._is_inside_a_word(span.start)
            and not self._is_inside_a_word(span.end)
            and fold(self._original[span.start : span.end]) == wanted
        )

    def _is_inside_a_word(self, offset: int) -> bool:
        if not 0 < offset < len(self._original):
            return False
        before, after = self._original[offset - 1], self._original[offset]
        if unicodedata.category(after).startswith("M"):
            return True
        return (
            _is_of_a_word(before)
            and _is_of_a_word(after)
            and not (_NO_WORD_EDGE.match(before) or _NO_WORD_EDGE.match(after))
        )


class _Replacement(NamedTuple):
    start: int
    end: int
    text: str


class _Rewriting:
    """A text with some pieces replaced, and the way back from its offsets to the source's."""

    def __init__(self, source: str, replacements: Iterable[_Replacement]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._source_starts: list[int] = []
        self._source_ends: list[int] = []
        parts: list[str] = []
        length, done = 0, 0
        for start, end, text in replacements:
            parts += (source[done:start], text)
            self._starts.append(length + start - done)
            length += start - done + len(text)
            self._ends.append(length)
            self._source_starts.append(start)
            self._source_ends.append(end)
            done = end
        parts.append(source[done:])
        self.text = "".join(parts)

    def source_span(self, start: int, end: int) -> tuple[int, int] | None:
        """What became text[start:end] (not empty); None where that cuts a replaced piece."""
        first, last = self._piece_at(start), self._piece_at(end - 1)
        if first is not None and start != self._starts[first]:
            return None
        if last is not None and end != self._ends[last]:
            return None
        source_start = self._unchanged(start) if first is None else self._source_starts[first]
        source_end = self._unchanged(end - 1) + 1 if last is None else self._source_ends[last]
        return source_start, source_end

    def _piece_at(self, offset: int) -> int | None:
        piece = bisect_right(self._starts, offset) - 1
        return piece if piece >= 0 and offset < self._ends[piece] else None

    def _unchanged(self, offset: int) -> int:
        piece = bisect_right(self._starts, offset) - 1
        return offset if piece < 0 else self._source_ends[piece] + offset - self._ends[piece]


def _compositions(text: str) -> Iterator[_Replacement]:
    for run in _BEYOND_ASCII.finditer(text):
        start = run.start()
        for offset in range(start + 1, run.end() + 1):
            if offset < run.end() and _joins_the_one_before(text[offset]):
                continue
            cluster = text[start:offset]
            composed = _compose(cluster)
            if composed != cluster:
                yield _Replacement(start, offset, composed)
            start = offset


def _typesetting(text: str) -> Iterator[_Replacement]:
    for found in _TYPESETTING.finditer(text):
        is_at_an_edge = found.start() == 0 or found.end() == len(text)
        if found["nothing"] is not None or is_at_an_edge:
            yield _Replacement(found.start(), found.end(), "")
        elif found[0] != " ":
            yield _Replacement(found.start(), found.end(), " ")


@lru_cache(maxsize=8192)
def _compose(cluster: str) -> str:
    composed = unicodedata.normalize("NFKC", cluster).translate(_TYPOGRAPHY)
    return "".join(
        character
        for character in composed
        if character not in _INVISIBLE and unicodedata.category(character) != "Cf"
    )


@lru_cache(maxsize=8192)
def _joins_the_one_before(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or bool(_JOINING.match(character))


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")
