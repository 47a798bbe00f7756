"""A document's sections, found by the headings in its text.

Numbered headings count before unnumbered ones, and of the numbered only those that follow each
other as a document's do: a number at a line's start that belongs to a table or a list doesn't.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from functions.questions.rules.model import DocumentPage

SHORTEST_SECTION = 200
# Lists, exercises and tables have lines like headings, but closer together.
SHORTEST_UNMARKED_SECTION = 600
MOST_CANDIDATES = 1_500
LONGEST_TITLE = 100

_WORDS = (
    "chapter|section|unit|lesson|lecture|kapitel|abschnitt|lektion|chapitre|leçon|capítulo|sección"
    "|lección|capitolo|lezione|seção|hoofdstuk|rozdział|глава|раздел|урок|الفصل|الدرس|פרק|अध्याय"
)
_MARKED = re.compile(
    rf"[^\S\n]*(?:(?P<word>{_WORDS})\s+)?(?P<number>\d{{1,2}}(?:\.\d{{1,2}}){{0,2}}|(?(word)[ivxl]+|$.))"
    r"(?P<after>[.:)]?)(?=\s|$)(?P<title>[^\n]*)",
    re.IGNORECASE,
)
_CJK = re.compile(
    r"[^\S\n]*第\s*(?P<number>\d{1,3}|[一二三四五六七八九十]{1,3})\s*"
    r"(?P<kind>[章節节編编部課课講讲장절])(?P<title>[^\n]*)"
)
_CJK_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九", start=1)}
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}
_CLOSING = tuple(".!?,;:。！？、，；：؟۔।…")
_TERMINAL = re.compile(r"[.!?:。！？：؟۔।][\"'”’»)\]」』]*\s*$")
_CAPTION = re.compile(
    r"(figure|fig|table|box|chart|abb|abbildung|tabelle|tableau|figura|tabla|图|圖|図|表)\W{0,2}\d",
    re.IGNORECASE,
)
_LEADER = re.compile(r"\.{4,}|(?:\. ){3,}|…{2,}")


@dataclass(frozen=True)
class Section:
    """A section from its heading on; `title` is None for what stands before the first."""

    title: str | None
    page: int
    start: int


@dataclass(frozen=True)
class _Candidate:
    """A line that may be a heading; `position` counts characters from the document's start."""

    section: Section
    number: tuple[int, ...]
    position: int


def sections_of(pages: Sequence[DocumentPage]) -> list[Section]:
    """The sections of `pages` in order, the first from the very beginning.

    A document without headings is one section without a title.
    """
    if not pages:
        return []
    found: list[Section] = []
    for candidates in (_numbered(pages, marked=True), _numbered(pages, marked=False)):
        found = _longest_sequence(candidates)
        if len(found) > 1:
            break
    else:
        found = _unnumbered(pages)
    return from_the_beginning(found, pages)


def from_the_beginning(found: list[Section], pages: Sequence[DocumentPage]) -> list[Section]:
    """The sections, and before the first what the pages say up to it."""
    first = pages[0]
    if found and found[0].page == first.number and not first.text[: found[0].start].strip():
        return found
    return [Section(None, first.number, 0), *found]


def _numbered(pages: Sequence[DocumentPage], *, marked: bool) -> list[_Candidate]:
    """Lines with a number in several parts or after a word like "chapter"; or with a plain one."""
    found: list[_Candidate] = []
    chapter = 0
    for page, position, start, line, following in _lines(pages):
        heading = _marked_heading(line, following, chapter, marked=marked)
        if heading is not None:
            number, title = heading
            chapter = number[0]
            found.append(_Candidate(Section(title, page.number, start), number, position))
    return found[:MOST_CANDIDATES]


def _lines(
    pages: Sequence[DocumentPage],
) -> Iterator[tuple[DocumentPage, int, int, str, str]]:
    """Each line with its page, its place in the document and on the page, and what follows."""
    before = 0
    for page in pages:
        start = 0
        lines = page.text.split("\n")
        for index, line in enumerate(lines):
            following = next((one.strip() for one in lines[index + 1 :] if one.strip()), "")
            if line.strip():
                yield page, before + start, start, line, following
            start += len(line) + 1
        before += len(page.text)


def _marked_heading(
    line: str, following: str, chapter: int, *, marked: bool
) -> tuple[tuple[int, ...], str] | None:
    if len(line) > LONGEST_TITLE + 30:
        return None
    cjk = _CJK.match(line) if marked else None
    if cjk is not None:
        value = _cjk_number(cjk["number"])
        is_part = cjk["kind"] in "節节절"
        title = line if cjk["title"].strip() else f"{line.strip()} {following[:LONGEST_TITLE]}"
        return ((chapter, value) if is_part else (value,)), _title(title)
    match = _MARKED.match(line)
    if match is None or bool(match["word"] or "." in match["number"]) != marked:
        return None
    title = match["title"].strip()
    if match["word"] and not title:
        line, title = f"{line.strip()} {following[:LONGEST_TITLE]}", following[:LONGEST_TITLE]
    if not _reads_like_a_title(title):
        return None
    return _value(match["number"]), _title(line)


def _value(number: str) -> tuple[int, ...]:
    if number[0].isdigit():
        return tuple(int(part) for part in number.split("."))
    values = [_ROMAN[letter] for letter in number.lower()]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return (sum(-one if one < after else one for one, after in pairs),)


def _cjk_number(number: str) -> int:
    if number.isdigit():
        return int(number)
    tens, ten, ones = number.rpartition("十")
    return (_CJK_DIGITS.get(tens, 1) * 10 if ten else 0) + _CJK_DIGITS.get(ones, 0)


def _title(line: str) -> str:
    return " ".join(line.split())[:LONGEST_TITLE]


def _reads_like_a_title(title: str) -> bool:
    """Short, not a sentence, and where its script has capitals, beginning with one."""
    if not 2 <= len(title) <= LONGEST_TITLE or title.endswith(_CLOSING) or _LEADER.search(title):
        return False
    first = next((character for character in title if character.isalnum()), "")
    letters = sum(character.isalpha() for character in title)
    return not first.islower() and first.isalpha() and 2 * letters > len(title)


def _longest_sequence(candidates: Sequence[_Candidate]) -> list[Section]:
    """The most candidates whose numbers follow each other, of equal ones the earliest."""
    lengths: list[int] = []
    previous: list[int | None] = []
    for index, candidate in enumerate(candidates):
        length, before = 1, None
        for earlier in range(index):
            if lengths[earlier] >= length and _follows(candidates[earlier], candidate):
                length, before = lengths[earlier] + 1, earlier
        lengths.append(length)
        previous.append(before)
    chain: list[Section] = []
    at = lengths.index(max(lengths)) if lengths else None
    while at is not None:
        chain.append(candidates[at].section)
        at = previous[at]
    return chain[::-1]


def _follows(earlier: _Candidate, later: _Candidate) -> bool:
    """Whether a document that has the one heading may have the other next: 6.2 after 6.1.

    A heading or two may be missed in between, not more.
    """
    old, new = earlier.number, later.number
    # A chapter's own heading stands right before that of its first section.
    apart = 1 if new[: len(old)] == old else SHORTEST_SECTION
    if new <= old or later.position - earlier.position < apart:
        return False
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    step = new[same] - (old[same] if same < len(old) else 0)
    return step <= 2 and all(part <= 2 for part in new[same + 1 :])


def _unnumbered(pages: Sequence[DocumentPage]) -> list[Section]:
    """Short lines between a text's end and another's beginning, none of them a running head."""
    seen = Counter(_title(line).casefold() for *_, line, _ in _lines(pages))
    found: list[Section] = []
    before, last_position = "", -SHORTEST_UNMARKED_SECTION
    for page, position, start, line, following in _lines(pages):
        far = position - last_position >= SHORTEST_UNMARKED_SECTION
        ended = start == 0 or not before or _TERMINAL.search(before) is not None
        if far and ended and seen[_title(line).casefold()] == 1 and _stands_over(line, following):
            found.append(Section(_title(line), page.number, start))
            last_position = position
        before = line
    return found


def _stands_over(line: str, following: str) -> bool:
    """Whether a line is a heading of the text that follows."""
    title = _title(line)
    return (
        _reads_like_a_title(title)
        and not _CAPTION.match(title)
        and _width(title) <= 60
        and _width(following) >= max(40, 1.5 * _width(title))
        and not following[:1].islower()
    )


def _width(text: str) -> int:
    """How wide a text stands: an ideograph counts for two letters."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
