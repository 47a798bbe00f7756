"""How much a text has to say: the sentences that state something, not headings, options or gaps."""

import re
from collections.abc import Iterator

from functions.questions.rules.passages import BOUNDARY

SHORTEST_STATEMENT = 40
# In tables, lists of options and running heads hardly any line is as long as this.
SHORTEST_LINE = 30
_GAP = re.compile(r"_{3,}")
_QUESTION = re.compile(r"[?？؟]\W*$")
_CAPTION = re.compile(
    r"\W*(figure|fig|table|abb|abbildung|tabelle|tableau|figura|tabla|图|圖|図|表)\W{0,2}\d", re.I
)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


def statements(text: str) -> list[tuple[int, int]]:
    """Where the text states something, as offsets of its first character and after its last."""
    return [(start, end) for start, end in _sentences(text) if _states(text[start:end])]


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
