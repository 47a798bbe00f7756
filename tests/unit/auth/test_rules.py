"""What an email address and a password must be like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.auth.rules import check_password, email_to_look_up, normalise_email
from shared.errors import InvalidRequest

LOCAL = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-+", min_size=1, max_size=30)
LABEL = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ", min_size=2, max_size=12)


@given(LOCAL, LABEL, LABEL)
def test_case_and_white_space_make_no_other_address(local: str, host: str, top: str) -> None:
    address = f"{local}@{host}.{top}"
    assert normalise_email(f"  {address.upper()}\n") == normalise_email(address.lower())


@given(LOCAL, LABEL, LABEL)
def test_normalising_twice_changes_nothing(local: str, host: str, top: str) -> None:
    once = normalise_email(f"{local}@{host}.{top}")
    assert normalise_email(once) == once


@given(st.text(max_size=300))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    found = email_to_look_up(text)
    assert found is None or "@" in found


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert normalise_email("andre\u0301@example.com") == normalise_email("andr\u00e9@example.com")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "ada@example..com",
        "a da@example.com",
        "ada@127.0.0.1]",
        "Ada <ada@example.com>",
        "ada@example.com\0",
        "ada@example.com,grace@example.com",
        "a" * 65 + "@example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        normalise_email(text)


def test_reserved_test_domains_are_addresses() -> None:
    assert normalise_email("Ada@School.TEST") == "ada@school.test"


@pytest.mark.parametrize("password", ["12345678", "x" * 1000, "\0" * 8 + "x", "пароль-пароль"])
def test_a_password_may_be_anything_long_enough(password: str) -> None:
    check_password(password, "ada@example.com")


@pytest.mark.parametrize(
    "password",
    ["", "1234567", "x" * 1001, " " * 8, "\t\n" * 8, "ada@example.com", " ADA@EXAMPLE.COM"],
)
def test_a_password_that_is_easy_to_guess_is_refused_by_field(password: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_password(password, "ada@example.com")
    assert [error.field for error in refused.value.errors] == ["password"]
    assert not password.strip() or password not in refused.value.message
