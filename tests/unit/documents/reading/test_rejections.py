"""The table of reasons why a document can't be read."""

import re

import pytest

from functions.documents.reading import rejections
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.rejections import (
    DocumentRejected,
    rejection_codes,
    rejection_with,
)

LIMITS = ReadingLimits(file_bytes=50 * 1024 * 1024, pages=500, characters=2_000_000, seconds=25)


@pytest.mark.parametrize("code", sorted(rejection_codes()))
def test_every_code_makes_its_rejection_with_a_message_for_people(code: str) -> None:
    rejection = rejection_with(code, LIMITS)
    assert isinstance(rejection, DocumentRejected)
    assert rejection.code == code
    assert re.fullmatch(r"[A-Z][^{}\n]{10,118}\.", rejection.message)
    assert len(code) <= 60


def test_the_table_in_the_docstring_lists_exactly_the_codes_there_are() -> None:
    table = (rejections.__doc__ or "").split("-\n", 1)[1]
    assert {line.split()[0] for line in table.strip().splitlines()} == rejection_codes()


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("too_large", "50 MB"),
        ("too_many_pages", "500 pages"),
        ("too_much_text", "2,000,000 characters"),
        ("reading_timed_out", "25 seconds"),
    ],
)
def test_a_limit_is_named_in_its_message(code: str, limit: str) -> None:
    assert limit in rejection_with(code, LIMITS).message


def test_an_unknown_code_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        rejection_with("no_such_code", LIMITS)
