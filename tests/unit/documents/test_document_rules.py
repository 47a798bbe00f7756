"""What a document's name may be, and which objects are uploads."""

import unicodedata
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.documents.rules import (
    FILENAME_CHARACTERS,
    check_size,
    clean_filename,
    is_object_key,
    object_key,
)
from shared.errors import InvalidRequest


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("lecture.pdf", "lecture.pdf"),
        ("  lecture 7.pdf ", "lecture 7.pdf"),
        (r"C:\fakepath\lecture.pdf", "lecture.pdf"),
        ("../../etc/passwd", "passwd"),
        ("Vorlesung U\u0308bung.pdf", "Vorlesung Übung.pdf"),
        ("exam\u202efdp.exe", "examfdp.exe"),
        ("講義.pdf", "講義.pdf"),
    ],
)
def test_a_filename_keeps_only_its_last_part_and_what_is_visible(
    given_name: str, kept: str
) -> None:
    assert clean_filename(given_name) == kept


@pytest.mark.parametrize(
    "name",
    ["", "   ", "/", "folder/", ".", "..", "a\x00b.pdf", "a\nb.pdf", "a\u2028.pdf", "\ud800.pdf"],
)
def test_a_filename_without_a_name_or_with_control_characters_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        clean_filename(name)
    assert refused.value.errors[0].field == "filename"


def test_a_filename_may_have_255_characters_and_not_one_more() -> None:
    assert clean_filename("x" * 255) == "x" * 255
    with pytest.raises(InvalidRequest):
        clean_filename("x" * 256)


@given(st.text(max_size=400))
def test_a_clean_filename_is_short_visible_and_has_no_folder(name: str) -> None:
    try:
        cleaned = clean_filename(name)
    except InvalidRequest:
        return
    assert 1 <= len(cleaned) <= FILENAME_CHARACTERS
    assert not set(cleaned) & set("/\\")
    assert all(unicodedata.category(character) != "Cc" for character in cleaned)
    assert clean_filename(cleaned) == cleaned


def test_a_file_at_the_limit_is_allowed_and_one_byte_more_names_the_field() -> None:
    check_size(100, 100)
    with pytest.raises(InvalidRequest) as refused:
        check_size(101, 100)
    assert refused.value.errors[0].field == "size_bytes"


@given(st.uuids(), st.uuids())
def test_every_object_key_is_known_as_one(user_id: uuid.UUID, document_id: uuid.UUID) -> None:
    assert is_object_key(object_key(user_id, document_id))


@pytest.mark.parametrize("key", ["uploads/x.pdf", "exports/a/b.pdf", "uploads/../secret.pdf"])
def test_other_objects_are_no_uploads(key: str) -> None:
    assert not is_object_key(key)
