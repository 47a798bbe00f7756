"""Access tokens and refresh tokens."""

import uuid
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from functions.auth.tokens import AccessTokens, new_refresh_token, refresh_token_hash
from shared.errors import Unauthenticated
from shared.web.authentication import read_access_token

SECRET = "a signing secret that only this test knows"
USER, SESSION = uuid.uuid4(), uuid.uuid4()


def issue(lifetime: timedelta = timedelta(minutes=15), age: timedelta = timedelta(0)) -> str:
    return AccessTokens(SECRET, lifetime).issue(USER, SESSION, "teacher", datetime.now(UTC) - age)


def test_what_is_issued_is_accepted() -> None:
    caller = read_access_token(issue(), SECRET)
    assert (caller.user_id, caller.session_id, caller.role) == (USER, SESSION, "teacher")


def test_a_token_ends_with_its_lifetime() -> None:
    read_access_token(issue(timedelta(seconds=60), age=timedelta(seconds=50)), SECRET)
    with pytest.raises(Unauthenticated) as refused:
        read_access_token(issue(timedelta(seconds=60), age=timedelta(seconds=61)), SECRET)
    assert refused.value.code == "token_expired"


def test_no_two_tokens_are_alike() -> None:
    moment = datetime.now(UTC)
    tokens = AccessTokens(SECRET, timedelta(minutes=1))
    first, second = (tokens.issue(USER, SESSION, "learner", moment) for _ in range(2))
    assert first != second
    assert jwt.decode(first, SECRET, ["HS256"], audience="access")["jti"]


def test_refresh_tokens_are_long_random_and_stored_hashed() -> None:
    tokens = {new_refresh_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
    assert len(refresh_token_hash("é\0")) == 64
