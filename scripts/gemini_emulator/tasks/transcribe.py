"""Reads pages out of PDF and image parts, as far as there is text to read."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# A font without names of characters: who sees the page reads it, who has its text layer can't.
_GLYPH_NAME = re.compile(r"/[A-Za-z]{1,10}\d+")
_PAGE_OBJECT = re.compile(rb"/Type\s*/Page\b(?!s)")


@dataclass(frozen=True, slots=True)
class Media:
    mime_type: str
    data: bytes

    @property
    def page_count(self) -> int:
        """One for an image; for a PDF a quick count of its page objects, at least one."""
        if self.mime_type != "application/pdf":
            return 1
        return max(1, len(_PAGE_OBJECT.findall(self.data)))


def transcribe_pages(data: Mapping[str, Any], media: Sequence[Media]) -> dict[str, Any]:
    """The text layer where a PDF part has one; else a text that says what it stands in for.

    Page numbers of the request are matched to the media's pages in order, or, where one PDF holds
    more pages than were asked for, by number.
    """
    numbers = [number for number in data.get("pages") or [] if isinstance(number, int)]
    texts = [text for part in media for text in _page_texts(part)]
    pages = []
    for position, number in enumerate(numbers):
        place = position if len(texts) <= len(numbers) else number - 1
        text = texts[place].strip() if 0 <= place < len(texts) else ""
        text = "" if len(_GLYPH_NAME.findall(text)) > len(text) / 20 else text
        pages.append({"page": number, "text": text or stand_in_text(number)})
    return {"pages": pages}


def _page_texts(part: Media) -> list[str]:
    if part.mime_type != "application/pdf":
        return [""]
    # Costs a third of the program's start-up and only this task needs it.
    from pypdf import PdfReader  # noqa: PLC0415
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    try:
        return [page.extract_text() for page in PdfReader(io.BytesIO(part.data)).pages]
    except (PyPdfError, ValueError, KeyError, TypeError):
        return [""] * part.page_count


def stand_in_text(page: int) -> str:
    return (
        f"Page {page} of this document is a picture. The offline stand-in cannot see pictures. "
        f"These sentences stand in place of the text of page {page}. "
        "A model with vision transcribes the words that are printed on the page."
    )
