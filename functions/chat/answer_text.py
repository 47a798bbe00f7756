"""Takes a streamed reply apart: the answer, which may be shown at once, and the citations after it.

The reply is the answer, a marker and a JSON array. The marker comes in pieces, so what could be its
beginning is held back, and so is white space, which may stand before it.
"""

import re
from typing import Final

MARKER: Final = "---CITATIONS---"

# What PostgreSQL or UTF-8 can't hold.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class AnswerText:
    """The answer as far as it has come."""

    def __init__(self) -> None:
        self._text = ""
        self._taken = 0
        self._marker: int | None = None

    def add(self, piece: str) -> None:
        """A further piece of the reply."""
        start = max(0, len(self._text) - len(MARKER))
        self._text += UNSTORABLE.sub("", piece)
        if self._taken == 0 and self._marker is None:
            self._text = self._text.lstrip()
            start = 0
        if self._marker is None:
            found = self._text.find(MARKER, start)
            self._marker = found if found >= 0 else None

    def take(self) -> str:
        """What may be shown and was not taken before."""
        end = self._shown_end()
        if end <= self._taken:
            return ""
        taken = self._text[self._taken : end]
        self._taken = end
        return taken

    def finish(self) -> str:
        """What remains to be shown when the reply has ended."""
        if self._marker is not None:
            return self.take()
        rest = self._text.rstrip()[self._taken :]
        self._taken += len(rest)
        return rest

    @property
    def said(self) -> str:
        """All that was taken."""
        return self._text[: self._taken]

    @property
    def tail(self) -> str:
        """What came after the marker."""
        return "" if self._marker is None else self._text[self._marker + len(MARKER) :]

    def _shown_end(self) -> int:
        end = len(self._text) if self._marker is None else self._marker
        if self._marker is None:
            end -= _length_of_marker_begun(self._text)
        return len(self._text[:end].rstrip())


def _length_of_marker_begun(text: str) -> int:
    for length in range(min(len(MARKER) - 1, len(text)), 0, -1):
        if text.endswith(MARKER[:length]):
            return length
    return 0
