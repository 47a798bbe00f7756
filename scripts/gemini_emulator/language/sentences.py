"""Cuts a page into sentences whose words are found on the page again.

Works line by line first, because what pypdf gives for a page mixes prose with running heads,
headings, bullets and captions that end without a full stop.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

ABBREVIATIONS = frozenset(
    """
    e.g i.e etc al fig figs eq eqs dr mr mrs ms prof st vs no nos vol pp p ed eds cf ca approx
    resp sec ch inc ltd jr sr dept univ u.s u.k jan feb mar apr jun jul aug sept sep oct nov dec
    z.b d.h bzw usw ggf nr bspw vgl p.ej sra
    """.split()  # noqa: SIM905
)
_CAPTION = re.compile(r"\s*(figure|fig\.|table|box|chart|abb\.|tabelle|figura|tableau)\s*\d", re.I)
_BULLET = re.compile(r"\s*(?:[•●▪◦‣∙·\uf000-\uf0ff*]|[-–—]\s|\(?\d{1,2}[.)]\s|\(?[a-z][.)]\s)")
_NOISE = re.compile(
    r"https?://|www\.|\S@\S|©|\bdoi\b|\bisbn\b|all rights reserved|licen[cs]e|\bCC BY\b"
    r"|access for free",
    re.I,
)
_TERMINAL = re.compile(r"[.!?。！？؟۔।:;][\"'”’»)\]」』]*\s*$")
_END = re.compile(
    r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？؟۔।｡]+[」』”’）\"]*",
)
_BREAK_HYPHEN = re.compile(r"(?<=[^\W\d_])[-‐\u00ad]\s*\n\s*(?=[^\W\d_])")
_OPENING = re.compile(r"[\"'“‘«(\[「『]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` reads as one line; `is_broken` tells that a word of it was cut by a line's end."""

    text: str
    page: int
    is_broken: bool = False


@lru_cache(maxsize=2048)
def split_page(text: str, page: int = 0) -> tuple[Sentence, ...]:
    """The sentences of one page in reading order, junk lines left out."""
    found: list[Sentence] = []
    for block in _blocks(text):
        for raw in _split_block(block):
            broken = _BREAK_HYPHEN.search(raw) is not None
            line = " ".join(_BREAK_HYPHEN.sub("", raw).split())
            if line:
                found.append(Sentence(line, page, broken))
    return tuple(found)


def _blocks(text: str) -> Iterator[str]:
    """Runs of lines that belong together; headings, captions and notices stand alone or fall out.

    A caption goes on until a line that ends like a sentence and is thrown away with it.
    """
    lines = text.splitlines()
    width = max((len(line) for line in lines), default=0)
    block: list[str] = []
    in_caption = False
    for index, line in enumerate(lines):
        following = lines[index + 1].strip() if index + 1 < len(lines) else ""
        if in_caption or (_CAPTION.match(line) and _starts_fresh(block)):
            yield "\n".join(block)
            block = []
            in_caption = not re.search(r"[.)]\s*$", line)
            continue
        if not line.strip() or _NOISE.search(line) or _is_number(line):
            yield "\n".join(block)
            block = []
            continue
        if _BULLET.match(line) and _starts_fresh(block):
            yield "\n".join(block)
            block = []
        if _is_heading(line, following, width) and _starts_fresh(block):
            yield "\n".join(block)
            block = []
            continue
        block.append(line)
    yield "\n".join(block)


def _starts_fresh(block: list[str]) -> bool:
    return not block or _TERMINAL.search(block[-1]) is not None


def _is_number(line: str) -> bool:
    return re.fullmatch(r"[\s\d.|/\-–—]*", line) is not None


def _is_heading(line: str, following: str, width: int) -> bool:
    stripped = line.strip()
    if _TERMINAL.search(stripped) or stripped.endswith((",", "-", "،", "，", "、")):
        return False
    if len(stripped) > max(24, 0.75 * width):
        return False
    opening = _OPENING.sub("", following, count=1)
    return not opening or not opening[0].islower()


def _split_block(block: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(block):
        if not _ends_sentence(block, start, end):
            continue
        yield block[start : end.end()].strip()
        start = end.end()
    rest = block[start:].strip()
    if rest:
        yield rest


def _ends_sentence(block: str, start: int, end: re.Match[str]) -> bool:
    mark = end.group()[0]
    if mark != ".":
        return True
    before = block[start : end.start()].rsplit(None, 1)[-1:] or [""]
    token = before[0].lstrip("(“\"'[").casefold()
    if token in ABBREVIATIONS or (len(token) == 1 and token.isalpha()):
        return False
    after = _OPENING.sub("", block[end.end() :].lstrip(), count=1)
    return not after or not after[0].islower()
