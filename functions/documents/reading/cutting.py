"""Cuts single pages out of a PDF, each as a small PDF of its own. Runs in the child only."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import DependencyError, LimitReachedError
from pypdf.generic import DictionaryObject, IndirectObject, NameObject

from functions.documents.reading.extraction import open_pdf, prepare_pypdf, rejecting
from functions.documents.reading.limits import ReadingLimits

PAGE_TOO_LARGE = "page_too_large"
PAGE_DAMAGED = "page_damaged"

# What a page looks like is in these. Links, forms, scripts and marks of structure stay behind:
# they may lead to the whole document.
_KEPT = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Group", "/Contents", "/Resources")


def cut(
    path: Path, limits: ReadingLimits, numbers: Sequence[int], folder: Path, most_bytes: int
) -> dict[str, Any]:
    """Write `{number}.pdf` into `folder` for each page; {"refused": {number: code}} of the others.

    Files are written one by one, whole, in the order of `numbers`: where this process is ended,
    the first page without a file is the one that it was busy with. Raises DocumentRejected.
    """
    prepare_pypdf()
    refused: dict[int, str] = {}
    with rejecting(path, limits):
        reader = open_pdf(path, limits)
        for number in numbers:
            content = _page_alone(reader, number, most_bytes)
            if isinstance(content, str):
                refused[number] = content
            else:
                _write_whole(folder / f"{number}.pdf", content)
    return {"refused": refused}


def _page_alone(reader: PdfReader, number: int, most_bytes: int) -> bytes | str:
    try:
        page = reader.pages[number - 1]
        content = _as_pdf(page, page.get("/Resources"))
        if len(content) > most_bytes:
            content = _as_pdf(page, _used_resources(page))
    except (LimitReachedError, DependencyError, MemoryError, RecursionError):
        raise
    except Exception:  # one broken page doesn't cost the learner the other ones
        return PAGE_DAMAGED
    return content if len(content) <= most_bytes else PAGE_TOO_LARGE


def _as_pdf(page: PageObject, resources: Any) -> bytes:
    alone = PageObject()
    for key in _KEPT:
        if key in page:
            alone[NameObject(key)] = page.raw_get(key)
    if resources is not None:
        alone[NameObject("/Resources")] = resources
    alone[NameObject("/Type")] = NameObject("/Page")
    writer = PdfWriter()
    writer.add_page(alone)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def _used_resources(page: PageObject) -> Any:
    """The resources without the pictures that the page's content never names.

    Some scanners give every page one dictionary with the pictures of all pages.
    """
    resources = page.get("/Resources")
    resources = resources.get_object() if isinstance(resources, IndirectObject) else resources
    content = page.get_contents()
    if not isinstance(resources, DictionaryObject) or content is None:
        return resources
    pictures = resources.get("/XObject")
    pictures = pictures.get_object() if isinstance(pictures, IndirectObject) else pictures
    if not isinstance(pictures, DictionaryObject):
        return resources
    drawn = content.get_data()
    used = {name: pictures.raw_get(name) for name in pictures if name.encode() in drawn}
    kept = DictionaryObject({key: resources.raw_get(key) for key in resources})
    kept[NameObject("/XObject")] = DictionaryObject(used)
    return kept


def _write_whole(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.rename(path)
