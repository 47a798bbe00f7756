"""The formats by name: how each is written, and what its file is called and served as."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from functions.questions.exports import (
    anki_deck,
    csv_table,
    gift,
    json_document,
    moodle_xml,
    qti12,
    qti21,
)
from functions.questions.exports.content import ExportedSet


class ExportFormat(StrEnum):
    """The formats that a set can be exported in."""

    GIFT = "gift"
    MOODLE_XML = "moodle_xml"
    QTI21 = "qti21"
    QTI12 = "qti12"
    ANKI = "anki"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True)
class ExportedFile:
    """A file to download; `disposition` is its Content-Disposition."""

    content: bytes
    media_type: str
    disposition: str


@dataclass(frozen=True)
class _Writing:
    write: Callable[[ExportedSet], bytes]
    media_type: str
    ending: str


_FORMATS = {
    ExportFormat.GIFT: _Writing(gift.write, "text/plain; charset=utf-8", "gift.txt"),
    ExportFormat.MOODLE_XML: _Writing(moodle_xml.write, "application/xml", "moodle.xml"),
    ExportFormat.QTI21: _Writing(qti21.write, "application/zip", "qti21.zip"),
    ExportFormat.QTI12: _Writing(qti12.write, "application/zip", "qti12.zip"),
    ExportFormat.ANKI: _Writing(anki_deck.write, "application/octet-stream", "apkg"),
    ExportFormat.CSV: _Writing(csv_table.write, "text/csv; charset=utf-8", "csv"),
    ExportFormat.JSON: _Writing(json_document.write, "application/json", "json"),
}


def export(exported: ExportedSet, wanted: ExportFormat) -> ExportedFile:
    """The set as a file of that format."""
    writing = _FORMATS[wanted]
    disposition = content_disposition(f"{_file_name(exported.title)}.{writing.ending}")
    return ExportedFile(writing.write(exported), writing.media_type, disposition)


def content_disposition(file_name: str) -> str:
    """The header that saves a download as `file_name`: RFC 6266, with a plain name for old ones."""
    plain = unicodedata.normalize("NFKD", file_name).encode("ascii", "ignore").decode()
    if not plain or plain.startswith("."):
        plain = f"questions{plain}"
    encoded = quote(file_name, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def _file_name(title: str) -> str:
    """The title without what file systems and headers don't take, at most 80 characters; of a
    document without a title it is the file's name, whose ending the export's follows."""
    kept = re.sub(r"[\x00-\x1f\x7f\"\\/:*?<>|;]+", " ", re.sub(r"\.pdf\s*$", "", title, flags=re.I))
    return " ".join(kept.split()).strip(". ")[:80] or "questions"
