"""Reads a PDF in a child process of its own, so that no file can hurt the worker."""

import hashlib
from pathlib import Path
from typing import Final

from functions.documents.reading.document import OutlineEntry, ReadDocument, ReadPage
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.process import run_child
from functions.documents.reading.rejections import EmptyFile, NotAPdf, TooLarge

_HEADER_BYTES: Final = 1024


def read_document(path: Path, limits: ReadingLimits) -> ReadDocument:
    """The text of a PDF by page.

    Raises a DocumentRejected for a file that can't be read and never will be, and ReadingFailed
    where the reading itself could not be done. Ends within `limits.seconds` and a second more.
    """
    _check_file(path, limits)
    answer, sha256 = run_child("read", path, limits, lambda: _sha256(path))
    return ReadDocument(
        sha256=sha256,
        title=answer["title"],
        language=answer["language"],
        pages=tuple(ReadPage(**page) for page in answer["pages"]),
        outline=tuple(OutlineEntry(**entry) for entry in answer["outline"]),
    )


def _check_file(path: Path, limits: ReadingLimits) -> None:
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile(limits)
    if size > limits.file_bytes:
        raise TooLarge(limits)
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(_HEADER_BYTES):
            raise NotAPdf(limits)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
