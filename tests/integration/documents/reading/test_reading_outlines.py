"""Bookmarks of PDFs, read by a real child process: a help that costs no document."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from functions.documents.reading.document import OutlineEntry, ReadDocument
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.outline import MOST_ENTRIES
from functions.documents.reading.reader import read_document
from tests.factories import hostile_pdfs, outlined_pdfs
from tests.factories.outlined_pdfs import HOSTILE_OUTLINES, entry, flat


def read(folder: Path, pdf: bytes, limits: ReadingLimits | None = None) -> ReadDocument:
    path = folder / "upload.pdf"
    path.write_bytes(pdf)
    return read_document(path, limits or ReadingLimits())


def outline(folder: Path, pages: int, entries: Sequence[bytes], catalog: bytes = b"") -> list[str]:
    """The outline's entries as "title@page"."""
    found = read(folder, flat(pages, entries, catalog)).outline
    return [f"{one.title}@{one.page}" for one in found]


def test_an_outline_is_read_with_its_pages_and_levels(tmp_path: Path) -> None:
    assert read(tmp_path, outlined_pdfs.two_levels()).outline == (
        OutlineEntry("One", 1, 1),
        OutlineEntry("One, a", 2, 2),
        OutlineEntry("Two", 3, 1),
    )


def test_a_document_without_an_outline_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, hostile_pdfs.many_pages(2)).outline == ()


def test_titles_are_clean_and_bounded(tmp_path: Path) -> None:
    utf16 = "\ufeff第一章 心脏".encode("utf-16-be").hex().encode()
    found = outline(
        tmp_path,
        2,
        [
            b"/Title <%s> /Dest [5 0 R /Fit]" % utf16,
            b"/Title (Two\\000\\007\\n words) /Dest [6 0 R /Fit]",
            b"/Title (%s) /Dest [6 0 R /Fit]" % (b"x" * 5_000),
            b"/Title () /Dest [6 0 R /Fit]",
        ],
    )
    assert found == ["第一章 心脏@1", "Two words@2", f"{'x' * 200}@2"]


@pytest.mark.parametrize(
    ("destination", "page"),
    [
        (b"/Dest [6 0 R /Fit]", 2),
        (b"/Dest [6 0 R /XYZ null null null]", 2),
        (b"/Dest [1 /Fit]", 2),
        (b"/A << /S /GoTo /D [6 0 R /Fit] >>", 2),
        (b"/Dest (there)", 2),
        (b"/A << /S /GoTo /D (there) >>", 2),
        (b"/Dest << /D [6 0 R /Fit] >>", 2),
        (b"/Dest (nowhere)", None),
        (b"/Dest /nowhere", None),
        (b"/Dest [99 0 R /Fit]", None),
        (b"/Dest [3 0 R /Fit]", None),
        (b"/Dest [7000 /Fit]", None),
        (b"/Dest [-1 /Fit]", None),
        (b"/Dest [null /Fit]", None),
        (b"/Dest [(x) /Fit]", None),
        (b"/Dest []", None),
        (b"/A << /S /URI /URI (https://example.org) >>", None),
        (b"/A << /S /GoToR /F (other.pdf) /D [0 /Fit] >>", None),
        (b"", None),
    ],
)
def test_a_bookmark_counts_where_it_leads_to_a_page(
    tmp_path: Path, destination: bytes, page: int | None
) -> None:
    names = b"/Names << /Dests << /Names [(there) [6 0 R /Fit]] >> >>"
    found = outline(tmp_path, 2, [entry("First", 1), b"/Title (Second) %s" % destination], names)
    assert found == ["First@1", *([f"Second@{page}"] if page else [])]


def test_of_too_many_entries_the_upper_levels_stay(tmp_path: Path) -> None:
    root, chapter, first = (outlined_pdfs.FIRST_PAGE + 1 + index for index in range(3))
    items = [
        b"<< /Next %d 0 R %s >>" % (first + at + 1, entry("Section", 1))
        for at in range(MOST_ENTRIES)
    ]
    items[-1] = b"<< %s >>" % entry("Last", 1)
    pdf = outlined_pdfs.outlined(
        1,
        [
            b"<< /First %d 0 R >>" % chapter,
            b"<< /Parent %d 0 R /First %d 0 R %s >>" % (root, first, entry("Chapter", 1)),
            *items,
        ],
    )
    assert read(tmp_path, pdf).outline == (OutlineEntry("Chapter", 1, 1),)


@pytest.mark.parametrize("made", HOSTILE_OUTLINES.values(), ids=HOSTILE_OUTLINES.keys())
def test_a_hostile_outline_costs_no_text_and_little_time(
    tmp_path: Path, made: Callable[[], bytes]
) -> None:
    pdf = made()
    started = time.monotonic()

    document = read(tmp_path, pdf)

    assert time.monotonic() - started < 12
    assert all(page.has_text for page in document.pages)
    assert len(document.outline) <= MOST_ENTRIES


def test_an_outline_that_takes_too_long_is_left_out(tmp_path: Path) -> None:
    pdf = outlined_pdfs.outline_with_endless_names()

    assert read(tmp_path, pdf).outline == ()


def test_labels_leave_a_blank_page_blank(tmp_path: Path) -> None:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R %s >>"
    pdf = hostile_pdfs.assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R /PageLabels << /Nums [0 << /S /r >>] >> >>",
            b"<< /Type /Pages /Count 2 /Kids [4 0 R 5 0 R] >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            page % (6, b"/Resources << /Font << /F1 3 0 R >> >>"),
            page % (7, b""),
            hostile_pdfs.flate(hostile_pdfs.TEXT),
            hostile_pdfs.flate(b""),
        ]
    )

    pages = read(tmp_path, pdf).pages

    assert [(page.label, page.blank) for page in pages] == [("i", False), ("ii", True)]
