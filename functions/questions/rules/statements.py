"""How much a text has to say: the sentences that state something, not headings, options or gaps."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from functions.questions.rules.model import Passage, Span
from functions.questions.rules.passages import BOUNDARY

SHORTEST_STATEMENT = 40
# In tables, lists of options and running heads hardly any line is as long as this.
SHORTEST_LINE = 30
# What states nothing still says this much of what a statement of its length says.
BESIDES = 0.1
_GAP = re.compile(r"_{3,}")
_QUESTION = re.compile(r"[?？؟]\W*$")
_CAPTION = re.compile(
    r"\W*(figure|fig|table|abb|abbildung|tabelle|tableau|figura|tabla|图|圖|図|表)\W{0,2}\d", re.I
)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


@lru_cache(maxsize=1024)
def statements(text: str) -> tuple[tuple[int, int], ...]:
    """Where the text states something, as offsets of its first character and after its last."""
    return tuple((start, end) for start, end in _sentences(text) if _states(text[start:end]))


def left_to_say(passage: Passage, asked: Sequence[Span]) -> float:
    """The length of what the passage states, without the sentences that questions stand on, and a
    little for what it holds besides; never nothing."""
    spent = [(one.start, one.end) for one in asked if one.page == passage.page]
    whole = _without((passage.start, passage.end), spent)
    stated = sum(
        _without((passage.start + start, passage.start + end), spent)
        for start, end in statements(passage.text)
    )
    return max(1.0, stated + BESIDES * (whole - stated))


def _without(stretch: tuple[int, int], spent: Sequence[tuple[int, int]]) -> int:
    """The length of a stretch without those that are spent."""
    start, end = stretch
    overlaps = (max(0, min(end, last) - max(start, first)) for first, last in spent)
    return max(0, end - start - sum(overlaps))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for boundary in BOUNDARY.finditer(text):
        yield start, boundary.end()
        start = boundary.end()
    if start < len(text):
        yield start, len(text)


def _states(sentence: str) -> bool:
    said = sentence.strip()
    # An ideograph says as much as three letters.
    length = len(said) + 2 * len(_WIDE.findall(said))
    if length < SHORTEST_STATEMENT or length < SHORTEST_LINE * (said.count("\n") + 1):
        return False
    return not (_QUESTION.search(said) or _GAP.search(said) or _CAPTION.match(said))
