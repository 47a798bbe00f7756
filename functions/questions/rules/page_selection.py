"""Which pages are worth asking about: not the cover, the contents, references or an empty page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from functions.questions.rules.model import DocumentPage, PageRange

_FEW_CHARACTERS = 150
# A cover is the first page of a document of some length, and says far less than the others.
_SHORTEST_WITH_COVER, _COVER_SHARE = 5, 1 / 3
_LEADER = re.compile(r"(?:\.\s?){4,}\s*\w{1,5}\s*$|…+\s*\w{1,5}\s*$|\s\d{1,4}\s*$")
_INDEXED = re.compile(r",\s*\d{1,4}(?:\s*[-–]\s*\d{1,4})?\s*$")
_REFERENCES = re.compile(
    r"^\s*(?:\d{1,2}(?:\.\d{1,2})?\.?\s+)?(references|bibliography|works cited|literature( cited)?"
    r"|index|literatur(verzeichnis)?|quellen(verzeichnis)?|sachregister|stichwortverzeichnis"
    r"|références( bibliographiques)?|bibliographie|bibliografía|bibliografia|referencias"
    r"|referências|riferimenti|literatuur|список литературы|литература|المراجع|المصادر"
    r"|ביבליוגרפיה|מקורות|参考文献|參考文獻|引用文献|索引|참고문헌)\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_CITATION = re.compile(
    r"\(\d{4}[a-z]?\)|\bet al\b|\bdoi\b|https?://|\bpp?\. ?\d+|^\s*\[\d+\]|,\s*(?:19|20)\d\d\b"
)
_IMPRINT = re.compile(r"\bISBN\b|all rights reserved|alle rechte vorbehalten|tous droits", re.I)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


@dataclass(frozen=True)
class Selection:
    """The pages that questions are made from, in order, and for the others the reason."""

    pages: tuple[DocumentPage, ...]
    skipped: Mapping[int, str]


def select_pages(pages: Sequence[DocumentPage], wanted: PageRange | None = None) -> Selection:
    """The pages worth asking about.

    Pages that a user names are obeyed as long as they have any text. Where a short document
    would lose everything, the pages with text stay. Of a page on which the references begin, what
    stands before them stays.
    """
    inside = [page for page in pages if wanted is None or _is_in(page, wanted)]
    with_text = [page for page in inside if page.has_text and page.text.strip()]
    skipped = {
        page.number: "not_transcribed" if page.unread else "no_text"
        for page in inside
        if page not in with_text
    }
    if wanted is not None:
        return Selection(tuple(with_text), skipped)
    reasons = _reasons(with_text)
    chosen = [_before_references(page) for page in with_text if reasons[page.number] is None]
    if not chosen:
        return Selection(tuple(with_text), skipped)
    told = {number: reason for number, reason in reasons.items() if reason is not None}
    return Selection(tuple(chosen), dict(sorted((skipped | told).items())))


def _is_in(page: DocumentPage, wanted: PageRange) -> bool:
    return wanted.first <= page.number <= wanted.last


def _reasons(pages: Sequence[DocumentPage]) -> dict[int, str | None]:
    """For each page why it isn't worth asking about; None where it is."""
    usual = median(_says(page.text) for page in pages) if pages else 0
    reasons: dict[int, str | None] = {}
    listed = False
    for index, page in enumerate(pages):
        # A list of references goes on over its pages without a heading on each.
        begins = not listed and _says(_before_references(page).text) < _says(page.text)
        listed = begins or _is_references(page.text, goes_on=listed)
        if listed and not begins:
            reasons[page.number] = "references"
        elif index == 0 and _is_cover(page, len(pages), usual):
            reasons[page.number] = "cover"
        else:
            reasons[page.number] = _says_nothing(page.text, usual)
    return reasons


def _is_cover(page: DocumentPage, pages: int, usual: float) -> bool:
    first = page.number == 1 and pages >= _SHORTEST_WITH_COVER
    return first and _says(page.text) < _COVER_SHARE * usual


def _says_nothing(text: str, usual: float) -> str | None:
    if _says(text) < _FEW_CHARACTERS:
        return "little_text"
    if _IMPRINT.search(text) and _says(text) < usual:
        return "imprint"
    lines = _lines(text)
    if len(lines) >= 6:
        if _share(lines, _LEADER) > 0.5:
            return "contents"
        if _share(lines, _INDEXED) > 0.5:
            return "index"
    return None


def _says(text: str) -> int:
    """How much a text says, in letters of an alphabet: an ideograph says as much as three."""
    return len("".join(text.split())) + 2 * len(_WIDE.findall(text))


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _share(lines: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(1 for line in lines if pattern.search(line)) / len(lines) if lines else 0.0


def _is_references(text: str, *, goes_on: bool) -> bool:
    lines = _lines(text)
    headed = any(_REFERENCES.match(line) for line in lines[:3])
    cited = _share(lines, _CITATION)
    return ((headed or goes_on) and cited > 0.15) or (len(lines) > 10 and cited > 0.5)


def _before_references(page: DocumentPage) -> DocumentPage:
    for heading in _REFERENCES.finditer(page.text):
        before = page.text[: heading.start()]
        if _says(before) >= _FEW_CHARACTERS and _is_references(
            page.text[heading.start() :], goes_on=False
        ):
            return replace(page, text=before)
    return page
