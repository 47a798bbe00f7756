"""Counting the pages of a document that may lie about them."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.page_tree import count_pages, declared_page_count
from functions.documents.reading.rejections import (
    DamagedPdf,
    PageTreeCycle,
    TooComplex,
    TooManyPages,
)
from tests.factories import hostile_pdfs

LIMITS = ReadingLimits(pages=500)


def opened(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


@pytest.mark.parametrize("pages", [1, 7, 500])
def test_pages_are_counted(pages: int) -> None:
    assert count_pages(opened(hostile_pdfs.many_pages(pages)), LIMITS) == pages


def test_one_page_over_the_limit_is_too_many() -> None:
    with pytest.raises(TooManyPages):
        count_pages(opened(hostile_pdfs.many_pages(501)), LIMITS)


def test_pages_are_counted_through_inner_nodes_and_around_holes() -> None:
    reader = opened(
        hostile_pdfs.page_tree(
            b"<< /Type /Pages /Count 3 /Kids [3 0 R 4 0 R null 99 0 R << /Type /Page >>] >>",
            b"<< /Type /Pages /Count 2 /Kids [4 0 R 4 0 R] >>",
            b"<< /Type /Page >>",
        )
    )
    assert count_pages(reader, LIMITS) == 4
    assert declared_page_count(reader) == 3


@pytest.mark.parametrize(
    "made", [hostile_pdfs.cyclic_page_tree, hostile_pdfs.page_tree_that_contains_itself]
)
def test_a_tree_that_contains_itself_is_told_as_such(made: object) -> None:
    with pytest.raises(PageTreeCycle):
        count_pages(opened(made()), LIMITS)  # type: ignore[operator]


def test_branches_without_end_or_pages_are_too_complex() -> None:
    with pytest.raises(TooComplex):
        count_pages(opened(hostile_pdfs.page_tree_of_doubling_branches()), LIMITS)


def test_no_tree_at_all_is_damage() -> None:
    with pytest.raises(DamagedPdf):
        count_pages(opened(hostile_pdfs.pages_that_are_a_number()), LIMITS)
