"""Which pages are worth asking about: not the cover, the contents, references or an empty page."""

import re
from collections.abc import Sequence

from functions.questions.rules.model import DocumentPage, PageRange

_FEW_CHARACTERS = 150
_LEADER = re.compile(r"(\.\s?){4,}\s*\w{1,5}\s*$|\s\d{1,4}\s*$")
_REFERENCES = re.compile(
    r"^\s*(references|bibliography|works cited|literature|index|literatur(verzeichnis)?"
    r"|références|bibliographie|bibliografía|referencias)\s*$",
    re.IGNORECASE,
)
_CITATION = re.compile(r"\(\d{4}[a-z]?\)|\bet al\b|\bdoi\b|https?://|\bpp?\. ?\d+|\[\d+\]")


def worth_asking(
    pages: Sequence[DocumentPage], wanted: PageRange | None = None
) -> list[DocumentPage]:
    """The pages that questions are made from, in order.

    Pages that a user names are obeyed as long as they have any text. Where a short document
    would lose everything, the pages with text stay.
    """
    with_text = [page for page in pages if page.has_text and page.text.strip()]
    if wanted is not None:
        return [page for page in with_text if wanted.first <= page.number <= wanted.last]
    chosen = [page for page in with_text if _says_something(page.text)]
    return chosen or with_text


def _says_something(text: str) -> bool:
    return not (
        len("".join(text.split())) < _FEW_CHARACTERS or _is_contents(text) or _is_references(text)
    )


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _is_contents(text: str) -> bool:
    lines = _lines(text)
    if len(lines) < 6:
        return False
    return sum(1 for line in lines if _LEADER.search(line)) / len(lines) > 0.5


def _is_references(text: str) -> bool:
    lines = _lines(text)
    if not lines:
        return False
    headed = any(_REFERENCES.match(line) for line in lines[:3])
    cited = sum(1 for line in lines if _CITATION.search(line)) / len(lines)
    return (headed and cited > 0.15) or (len(lines) > 10 and cited > 0.5)
