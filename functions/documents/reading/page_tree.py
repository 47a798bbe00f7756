"""Counts the pages of an untrusted PDF, and stops as soon as there are too many."""

from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.rejections import (
    DamagedPdf,
    PageTreeCycle,
    TooComplex,
    TooManyPages,
)

# A balanced tree of 500 pages has under 100 inner nodes; one that fans out to nothing has millions.
_NODES_A_PAGE = 20


def count_pages(reader: PdfReader, limits: ReadingLimits) -> int:
    """The number of leaves of the page tree, found without building pages.

    Raises PageTreeCycle, TooManyPages, TooComplex or DamagedPdf.
    """
    root = _resolved(reader.root_object.get("/Pages"))
    if not isinstance(root, DictionaryObject):
        raise DamagedPdf(limits)
    pages, visited = 0, 0
    path: set[int] = {id(root)}
    branches = [(root, iter(_kids(root)))]
    while branches:
        node, kids = branches[-1]
        kid = _resolved(next(kids, _END))
        if kid is _END:
            branches.pop()
            path.discard(id(node))
            continue
        visited += 1
        if visited > limits.pages * _NODES_A_PAGE:
            raise TooComplex(limits)
        if not isinstance(kid, DictionaryObject):
            continue
        if id(kid) in path:
            raise PageTreeCycle(limits)
        if "/Kids" in kid and kid.get("/Type") != "/Page":
            path.add(id(kid))
            branches.append((kid, iter(_kids(kid))))
            continue
        pages += 1
        if pages > limits.pages:
            raise TooManyPages(limits)
    return pages


def declared_page_count(reader: PdfReader) -> int:
    """What the page tree says of itself, which need not be true."""
    root = _resolved(reader.root_object.get("/Pages"))
    count = _resolved(root.get("/Count")) if isinstance(root, DictionaryObject) else None
    return int(count) if isinstance(count, int) else 0


_END = object()


def _resolved(value: Any) -> Any:
    return value.get_object() if isinstance(value, IndirectObject) else value


def _kids(node: DictionaryObject) -> ArrayObject:
    kids = _resolved(node.get("/Kids"))
    return kids if isinstance(kids, ArrayObject) else ArrayObject()
