"""Tells a page that draws nothing from one whose text is a picture. Runs in the child only."""

import re
from typing import Any

from pypdf.generic import ArrayObject, IndirectObject, StreamObject

# The operators that put something on the page (PDF 1.7, annex A): text, paths, shadings, images
# and forms. Those that only set a state, such as a colour or a clipping path, leave it blank.
_PAINTS = re.compile(rb"(?<![\w/*])(?:Do|BI|sh|Tj|TJ|'|\"|[SsFfBb]\*?)(?![\w*])")


def draws_nothing(page: Any) -> bool:
    """Whether the page's content holds no operator that paints. A broken page may hold any."""
    try:
        return not any(_PAINTS.search(stream) for stream in _streams(page.get("/Contents")))
    except MemoryError:
        raise
    except Exception:  # whatever is wrong with it, it isn't known to be blank
        return False


def _streams(content: Any) -> list[bytes]:
    content = content.get_object() if isinstance(content, IndirectObject) else content
    if isinstance(content, ArrayObject):
        return [stream for part in content for stream in _streams(part)]
    return [content.get_data()] if isinstance(content, StreamObject) else []
