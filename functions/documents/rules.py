"""What a document's name may be, where its file lies, and which uploads are ours."""

import re
import unicodedata
import uuid

from shared.errors import InvalidRequest

FILENAME_CHARACTERS = 255

_KEY = re.compile(r"uploads/([0-9a-f-]{36})/([0-9a-f-]{36})\.pdf")
# They let a name show other than it is, such as fdp.exe for exe.pdf.
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean_filename(name: str) -> str:
    """`name` without folders, direction marks and white space around it.

    Raises InvalidRequest naming `filename` where nothing is left, it is longer than 255
    characters or holds control characters.
    """
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in name):
        raise InvalidRequest.field("filename", "must not hold control characters")
    last_part = re.split(r"[/\\]", _DIRECTION_MARKS.sub("", name))[-1]
    cleaned = unicodedata.normalize("NFC", last_part).strip()
    if not cleaned.strip("."):
        raise InvalidRequest.field("filename", "must name a file")
    if len(cleaned) > FILENAME_CHARACTERS:
        message = f"must have at most {FILENAME_CHARACTERS} characters"
        raise InvalidRequest.field("filename", message)
    return cleaned


def check_size(size_bytes: int, most_bytes: int) -> None:
    """Raises InvalidRequest naming `size_bytes` where the file is too large."""
    if size_bytes > most_bytes:
        message = f"must be at most {most_bytes} bytes"
        raise InvalidRequest.field("size_bytes", message, code="document_too_large")


def object_key(user_id: uuid.UUID, document_id: uuid.UUID) -> str:
    """Where a document's file lies in the bucket."""
    return f"uploads/{user_id}/{document_id}.pdf"


def is_object_key(key: str) -> bool:
    """Whether `object_key` could have made `key`."""
    return _KEY.fullmatch(key) is not None
