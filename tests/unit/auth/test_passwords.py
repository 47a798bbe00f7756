"""Password hashes."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.auth.passwords import PasswordHasher
from functions.auth.settings import AuthSettings

HASHER = PasswordHasher(4)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXT)
@settings(max_examples=30)
def test_a_password_matches_its_own_hash(password: str) -> None:
    assert HASHER.verify(password, HASHER.hash(password))


@given(st.text("ab\0", min_size=1, max_size=100), st.text("ab\0", min_size=1, max_size=100))
@settings(max_examples=30)
def test_another_password_does_not(one: str, other: str) -> None:
    assert HASHER.verify(other, HASHER.hash(one)) is (one == other)


def test_what_comes_after_72_bytes_or_a_nul_counts() -> None:
    assert not HASHER.verify("x" * 100 + "b", HASHER.hash("x" * 100 + "a"))
    assert not HASHER.verify("x\0b", HASHER.hash("x\0a"))


def test_a_letter_typed_in_two_ways_is_the_same() -> None:
    assert HASHER.verify("cafe\u0301 au lait", HASHER.hash("caf\u00e9 au lait"))


def test_equal_passwords_have_different_hashes() -> None:
    assert HASHER.hash("correct horse") != HASHER.hash("correct horse")


def test_nobody_has_any_password() -> None:
    for password in ("", "correct horse", "\0"):
        assert not HASHER.verify(password, None)


def test_checking_nobodys_password_takes_as_long_as_anybodys() -> None:
    hasher = PasswordHasher(10)
    stored = hasher.hash("correct horse")

    def fastest(of: str | None) -> float:
        def once() -> float:
            started = time.process_time()
            hasher.verify("wrong", of)
            return time.process_time() - started

        return min(once() for _ in range(5))

    assert fastest(None) == pytest.approx(fastest(stored), rel=0.4)


def test_a_hash_of_another_cost_is_outdated() -> None:
    assert PasswordHasher(5).is_outdated(HASHER.hash("correct horse"))
    assert not HASHER.is_outdated(HASHER.hash("correct horse"))


def test_the_cost_is_12_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PASSWORD_HASH_COST", raising=False)
    assert AuthSettings().password_hash_cost == 12
    monkeypatch.setenv("PASSWORD_HASH_COST", "3")
    with pytest.raises(ValueError, match="password_hash_cost"):
        AuthSettings()
