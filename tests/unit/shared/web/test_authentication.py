"""Access tokens: what is accepted and why others aren't."""

import time
import uuid
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Forbidden, Unauthenticated
from shared.sessions import Caller
from shared.web.authentication import read_access_token, require_admin

SECRET = "a signing secret that only this test knows"


def token(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "learning-app",
        "aud": "access",
        "sub": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
        "role": "learner",
        "iat": now,
        "exp": now + 60,
        **changes,
    }
    given_claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(given_claims, secret, algorithm)


def code_of(refused: str) -> str:
    with pytest.raises(Unauthenticated) as error:
        read_access_token(refused, SECRET)
    return error.value.code


def test_a_good_token_names_the_caller() -> None:
    user, session = uuid.uuid4(), uuid.uuid4()
    caller = read_access_token(token(sub=str(user), sid=str(session), role="admin"), SECRET)
    assert caller == Caller(user, session, "admin")


def test_an_expired_token_is_told_apart() -> None:
    assert code_of(token(exp=int(time.time()) - 1)) == "token_expired"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody else"},
        {"aud": "refresh"},
        {"aud": None},
        {"sub": "no id"},
        {"sub": None},
        {"sid": "no id"},
        {"sid": None},
        {"sid": 7},
        {"exp": None},
        {"iat": None},
        {"iat": int(time.time()) + 1000},
        {"nbf": int(time.time()) + 1000},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    assert code_of(token(**changes)) == "token_invalid"


def test_a_token_of_another_secret_is_refused() -> None:
    assert code_of(token(secret="another secret of at least 32 bytes")) == "token_invalid"


def test_an_unsigned_token_is_refused() -> None:
    now = int(time.time())
    claims = {"iss": "learning-app", "aud": "access", "sub": str(uuid.uuid4())}
    claims |= {"sid": str(uuid.uuid4()), "iat": now, "exp": now + 60}  # type: ignore[dict-item]
    assert code_of(jwt.encode(claims, "", "none")) == "token_invalid"
    assert code_of(token(algorithm="HS512", secret=SECRET * 2)) == "token_invalid"


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    assert code_of(text) == "token_invalid"


def test_only_administrators_administrate() -> None:
    require_admin(Caller(uuid.uuid4(), uuid.uuid4(), "admin"))
    for role in ("learner", "teacher", ""):
        with pytest.raises(Forbidden):
            require_admin(Caller(uuid.uuid4(), uuid.uuid4(), role))
