"""Login, refresh, logout and the list of sessions over HTTP."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from redis import Redis
from sqlalchemy import select, update

from shared.config import get_settings
from shared.database.engine import Database
from shared.database.tables.users import RefreshToken
from shared.database.tables.users import Session as SessionRow

PASSWORD = "correct horse battery staple"
Register = Callable[..., Any]


def test_a_login_gives_a_pair_of_tokens(register: Register) -> None:
    learner = register()
    assert set(learner.tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert learner.tokens["token_type"] == "Bearer"
    assert learner.tokens["expires_in"] == get_settings().access_token_seconds


def test_the_access_token_says_who_and_for_how_long(register: Register) -> None:
    learner = register()
    claims = jwt.decode(
        learner.tokens["access_token"],
        get_settings().resolved_jwt_secret(),
        algorithms=["HS256"],
        audience="access",
        issuer="learning-app",
    )
    assert set(claims) == {"iss", "aud", "sub", "sid", "role", "iat", "exp", "jti"}
    assert claims["sub"] == learner.user["id"]
    assert claims["role"] == "learner"
    assert claims["exp"] - claims["iat"] == learner.tokens["expires_in"]


def test_tokens_are_kept_in_no_cache(client: TestClient, register: Register) -> None:
    answer = register().refresh()
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("email", ["learner1@example.com", "LEARNER1@EXAMPLE.COM "])
def test_the_email_works_in_any_case(client: TestClient, register: Register, email: str) -> None:
    register()
    answer = client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "credentials",
    [
        {"email": "learner1@example.com", "password": "wrong password"},
        {"email": "learner1@example.com", "password": ""},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "not an address", "password": PASSWORD},
    ],
)
def test_wrong_credentials_are_all_told_alike(
    client: TestClient, register: Register, credentials: dict[str, str]
) -> None:
    register()
    answer = client.post("/api/auth/login", json=credentials)
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_credentials"
    assert answer.json()["detail"] == "The email address or the password is wrong."
    assert answer.headers["www-authenticate"] == "Bearer"


def test_guessing_one_password_is_slowed_down_even_for_the_right_one(
    client: TestClient, register: Register
) -> None:
    register()
    wrong = {"email": "learner1@example.com", "password": "wrong password"}
    for _ in range(5):
        assert client.post("/api/auth/login", json=wrong).status_code == 401
    right = {"email": "Learner1@example.com", "password": PASSWORD}
    answer = client.post("/api/auth/login", json=right)
    assert answer.status_code == 429
    assert answer.headers["ratelimit-policy"] == '"login_email";q=5;w=900'
    assert 1 <= int(answer.headers["retry-after"]) <= 900


def test_only_failures_in_a_row_count(client: TestClient, register: Register) -> None:
    learner = register()
    wrong = {"email": learner.email, "password": "wrong password"}
    for _ in range(3):
        for _ in range(4):
            assert client.post("/api/auth/login", json=wrong).status_code == 401
        learner.log_in()


def test_one_address_can_not_try_emails_without_end(client: TestClient) -> None:
    answers = [
        client.post("/api/auth/login", json={"email": f"a{n}@example.com", "password": "x"})
        for n in range(41)
    ]
    assert {answer.status_code for answer in answers[:40]} == {401}
    assert answers[40].status_code == 429


def test_the_email_is_not_kept_in_valkey(client: TestClient, redis: Redis) -> None:
    client.post("/api/auth/login", json={"email": "ada@example.com", "password": "x"})
    assert not [key for key in redis.scan_iter() if "ada" in key]


def test_a_refresh_rotates_the_pair(register: Register) -> None:
    learner = register()
    fresh = learner.refresh().json()
    assert fresh["refresh_token"] != learner.tokens["refresh_token"]
    assert fresh["access_token"] != learner.tokens["access_token"]
    learner.tokens = fresh
    assert learner.get("/api/auth/me").status_code == 200
    assert learner.refresh().status_code == 200


def test_a_refresh_token_is_stored_only_as_its_hash(register: Register, database: Database) -> None:
    learner = register()
    with database.transaction() as session:
        stored = session.scalars(select(RefreshToken.token_hash)).all()
    assert len(stored) == 1
    assert learner.tokens["refresh_token"] not in stored[0]


def test_a_reused_refresh_token_ends_the_whole_family(
    register: Register, database: Database
) -> None:
    learner = register()
    first = learner.tokens["refresh_token"]
    learner.tokens = learner.refresh().json()
    again = learner.refresh(first)
    assert (again.status_code, again.json()["code"]) == (401, "refresh_token_reused")
    assert learner.get("/api/auth/me").json()["code"] == "session_ended"
    following = learner.refresh()
    assert (following.status_code, following.json()["code"]) == (401, "session_ended")
    with database.transaction() as session:
        reason = session.scalar(select(SessionRow.revoked_reason))
    assert reason == "refresh_token_reused"


def test_a_reuse_ends_no_other_session(register: Register) -> None:
    learner = register()
    other = learner.log_in()
    first = learner.tokens["refresh_token"]
    learner.refresh()
    learner.refresh(first)
    learner.tokens = other
    assert learner.get("/api/auth/me").status_code == 200
    assert learner.refresh().status_code == 200


def test_of_racing_refreshes_one_succeeds_and_the_family_ends(
    register: Register, database: Database
) -> None:
    learner = register()

    def race(_: int) -> Response:
        return learner.refresh()

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(race, range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 401}
    assert refused == {"refresh_token_reused"}
    with database.transaction() as session:
        assert session.scalar(select(SessionRow.revoked_reason)) == "refresh_token_reused"
    learner.tokens = next(answer.json() for answer in answers if answer.status_code == 200)
    assert learner.get("/api/auth/me").status_code == 401


def test_an_unknown_refresh_token_is_refused(client: TestClient) -> None:
    answer = client.post("/api/auth/refresh", json={"refresh_token": "never issued"})
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_token_invalid")


def test_a_refresh_token_may_be_any_text(client: TestClient) -> None:
    for token in ("\0", "é" * 200, "x" * 201, "x" * 1_000_000):
        answer = client.post("/api/auth/refresh", json={"refresh_token": token})
        assert answer.status_code in {401, 422}


def test_an_expired_session_can_not_be_refreshed(register: Register, database: Database) -> None:
    learner = register()
    with database.transaction() as session:
        session.execute(update(SessionRow).values(expires_at=datetime.now(UTC)))
    answer = learner.refresh()
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_token_expired")


def test_a_refresh_prolongs_the_session(register: Register, database: Database) -> None:
    learner = register()
    soon = datetime.now(UTC) + timedelta(minutes=5)
    with database.transaction() as session:
        session.execute(update(SessionRow).values(expires_at=soon))
    learner.refresh()
    with database.transaction() as session:
        assert session.scalar(select(SessionRow.expires_at)) > soon + timedelta(days=1)


def test_a_login_forgets_sessions_that_have_expired(register: Register, database: Database) -> None:
    learner = register()
    with database.transaction() as session:
        session.execute(update(SessionRow).values(expires_at=datetime.now(UTC)))
    learner.log_in()
    with database.transaction() as session:
        assert len(session.scalars(select(SessionRow.id)).all()) == 1


def test_logging_out_ends_the_session_at_once(register: Register, client: TestClient) -> None:
    learner = register()
    assert learner.get("/api/auth/me").status_code == 200
    answer = client.post("/api/auth/logout", headers=learner.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert learner.get("/api/auth/me").json()["code"] == "session_ended"
    assert learner.refresh().json()["code"] == "session_ended"


def test_a_revocation_is_known_in_valkey_for_an_access_tokens_life(
    register: Register, client: TestClient, redis: Redis
) -> None:
    learner = register()
    session_id = learner.get("/api/auth/sessions").json()["items"][0]["id"]
    client.post("/api/auth/logout", headers=learner.headers)
    assert redis.get(f"session:{session_id}") == "revoked"
    assert 890 <= redis.ttl(f"session:{session_id}") <= 900


def test_my_sessions_are_listed_newest_first(register: Register, client: TestClient) -> None:
    learner = register()
    register()
    login = {"email": learner.email, "password": PASSWORD}
    client.post("/api/auth/login", json=login, headers={"User-Agent": "x" * 1000})
    items = learner.get("/api/auth/sessions").json()["items"]
    assert [item["current"] for item in items] == [False, True]
    assert items[0]["user_agent"] == "x" * 300
    assert set(items[0]) == {
        "id",
        "created_at",
        "last_used_at",
        "expires_at",
        "user_agent",
        "current",
    }


def test_sessions_come_in_pages(register: Register) -> None:
    learner = register()
    for _ in range(4):
        learner.log_in()
    first = learner.get("/api/auth/sessions?limit=3").json()
    second = learner.get(f"/api/auth/sessions?limit=3&cursor={first['next_cursor']}").json()
    assert [len(first["items"]), len(second["items"])] == [3, 2]
    assert second["next_cursor"] is None
    assert len({item["id"] for item in first["items"] + second["items"]}) == 5


def test_i_can_end_any_session_of_mine(register: Register, client: TestClient) -> None:
    learner = register()
    mine = dict(learner.headers)
    learner.tokens = learner.log_in()
    other = next(
        item for item in learner.get("/api/auth/sessions").json()["items"] if item["current"]
    )
    path = f"/api/auth/sessions/{other['id']}"
    assert client.delete(path, headers=mine).status_code == 204
    assert learner.get("/api/auth/me").status_code == 401
    assert client.delete(path, headers=mine).status_code == 204
    assert len(client.get("/api/auth/sessions", headers=mine).json()["items"]) == 1


def test_a_session_of_somebody_else_is_not_found(register: Register, client: TestClient) -> None:
    ada, grace = register(), register()
    graces = grace.get("/api/auth/sessions").json()["items"][0]["id"]
    for session_id in (graces, uuid.uuid4()):
        answer = client.delete(f"/api/auth/sessions/{session_id}", headers=ada.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")
    assert grace.get("/api/auth/me").status_code == 200


def test_a_malformed_session_id_is_refused(register: Register, client: TestClient) -> None:
    for session_id in ("1", "%00", "x" * 5000, "..%2f"):
        path = f"/api/auth/sessions/{session_id}"
        answer = client.delete(path, headers=register().headers)
        assert answer.status_code in {404, 422}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/auth/logout"),
        ("GET", "/api/auth/sessions"),
        ("DELETE", f"/api/auth/sessions/{uuid.uuid4()}"),
        ("GET", "/api/auth/me"),
        ("DELETE", "/api/auth/me"),
        ("GET", "/api/auth/me/export"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic"}])
def test_these_routes_need_a_token(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] in {"unauthenticated", "token_invalid"}
