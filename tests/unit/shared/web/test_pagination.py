"""Cursors of pages."""

import contextlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.web.pagination import requested_page


class Row:
    """Something with an id."""

    def __init__(self, identifier: uuid.UUID) -> None:
        self.id = identifier


@given(st.uuids())
def test_a_cursor_leads_on_from_the_last_row_shown(last: uuid.UUID) -> None:
    page = requested_page(1).page([Row(last), Row(uuid.uuid4())], lambda row: row.id)
    assert page.items == [last]
    assert page.next_cursor
    assert requested_page(1, page.next_cursor).before == last


def test_the_last_page_has_no_cursor() -> None:
    page = requested_page(2).page([Row(uuid.uuid4()), Row(uuid.uuid4())], lambda row: row.id)
    assert page.next_cursor is None


@given(st.text(min_size=1, max_size=60))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidRequest):
        assert requested_page(1, text).before


@pytest.mark.parametrize("cursor", ["x", "0", "not-a-cursor", "\0", "é", "A" * 10_000])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        requested_page(1, cursor)
    assert [error.field for error in refused.value.errors] == ["cursor"]
