"""Pages cut out of real and hostile PDFs by a real child process, and pages that show nothing."""

import io
from pathlib import Path

import pypdf
import pytest

from functions.documents.reading.cutter import cut_pages
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.reader import read_document
from functions.documents.reading.rejections import DocumentRejected
from tests.factories import hostile_pdfs

FILES = Path("tests/files/pdfs")
LIMITS = ReadingLimits(requires_text=False)
MOST_BYTES = 10_000_000


def pictures(page: pypdf.PageObject) -> list[bytes]:
    """The encoded pictures that a page may draw."""
    drawn = page["/Resources"]["/XObject"]
    return [drawn[name].get_object()._data for name in sorted(drawn)]


def test_each_page_comes_alone_with_what_it_shows(tmp_path: Path) -> None:
    cut = cut_pages(FILES / "scan_12pages.pdf", [2, 11], tmp_path, LIMITS, MOST_BYTES)
    whole = pypdf.PdfReader(FILES / "scan_12pages.pdf")
    assert list(cut.contents) == [2, 11]
    assert cut.refused == {}
    for number, content in cut.contents.items():
        (page,) = pypdf.PdfReader(io.BytesIO(content)).pages
        original = whole.pages[number - 1]
        assert pictures(page) == pictures(original) != []
        assert page.mediabox == original.mediabox


def test_nothing_is_left_on_disk(tmp_path: Path) -> None:
    cut_pages(FILES / "scan_12pages.pdf", [1, 2, 3], tmp_path, LIMITS, MOST_BYTES)
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_too_many_bytes_is_refused_and_the_others_come(tmp_path: Path) -> None:
    cut = cut_pages(FILES / "mixed_text_and_scan.pdf", [1, 2], tmp_path, LIMITS, 20_000)
    assert cut.refused == {2: "page_too_large"}
    assert list(cut.contents) == [1]


def test_a_page_that_is_not_there_is_refused(tmp_path: Path) -> None:
    cut = cut_pages(FILES / "scan_12pages.pdf", [12, 99], tmp_path, LIMITS, MOST_BYTES)
    assert cut.refused == {99: "page_damaged"}
    assert list(cut.contents) == [12]


@pytest.mark.parametrize("make", [hostile_pdfs.cyclic_page_tree, hostile_pdfs.xref_that_loops])
def test_a_hostile_file_ends_in_a_refusal_or_a_page_and_in_time(tmp_path: Path, make) -> None:
    path = tmp_path / "upload.pdf"
    path.write_bytes(make())
    cut = cut_pages(path, [1], tmp_path, LIMITS, MOST_BYTES)
    assert {*cut.contents, *cut.refused} == {1}


def test_a_page_that_draws_nothing_is_blank_and_one_that_is_a_picture_is_not(
    tmp_path: Path,
) -> None:
    writer = pypdf.PdfWriter(clone_from=FILES / "scan_12pages.pdf")
    writer.add_blank_page(612, 792)
    path = tmp_path / "scan.pdf"
    writer.write(path)
    pages = read_document(path, LIMITS).pages
    assert [page.blank for page in pages] == [False] * 12 + [True]


def test_a_document_of_blank_pages_only_has_no_text_whoever_reads_it(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(612, 792)
    path = tmp_path / "blank.pdf"
    writer.write(path)
    with pytest.raises(DocumentRejected) as rejected:
        read_document(path, LIMITS)
    assert rejected.value.code == "no_text_layer"
