"""Opening an account over HTTP."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import func, select

from shared.database.engine import Database
from shared.database.tables.users import User

PASSWORD = "correct horse battery staple"


def new_account(**changes: Any) -> dict[str, Any]:
    return {"email": "ada@example.com", "password": PASSWORD, "name": "Ada Lovelace", **changes}


def test_an_account_is_opened_and_never_shows_its_password(client: TestClient) -> None:
    answer = client.post("/api/auth/register", json=new_account())
    assert answer.status_code == 201
    user = answer.json()["user"]
    assert set(user) == {"id", "email", "name", "role", "created_at"}
    assert (user["email"], user["name"], user["role"]) == (
        "ada@example.com",
        "Ada Lovelace",
        "learner",
    )


def test_the_email_is_kept_in_one_spelling(client: TestClient) -> None:
    answer = client.post("/api/auth/register", json=new_account(email="  Ada@EXAMPLE.com "))
    assert answer.json()["user"]["email"] == "ada@example.com"


@pytest.mark.parametrize("again", ["ada@example.com", "ADA@example.com", " Ada@Example.Com"])
def test_an_email_is_taken_whatever_its_case(client: TestClient, again: str) -> None:
    client.post("/api/auth/register", json=new_account())
    answer = client.post("/api/auth/register", json=new_account(email=again))
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")


def test_of_many_who_register_an_email_at_once_one_gets_it(
    client: TestClient, database: Database
) -> None:
    def attempt(_: int) -> Response:
        return client.post("/api/auth/register", json=new_account())

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(attempt, range(6)))
    assert statuses == [201, 409, 409, 409, 409, 409]
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no-address"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "Ada <ada@example.com>"}, "email"),
        ({"email": "ada@example.com\u0000"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"email": "a" * 1_000_000}, "email"),
        ({"email": 7}, "email"),
        ({"email": None}, "email"),
        ({"email": ["ada@example.com"]}, "email"),
        ({"password": "seven77"}, "password"),
        ({"password": "p" * 1001}, "password"),
        ({"password": " " * 12}, "password"),
        ({"password": "ada@example.com"}, "password"),
        ({"password": "ADA@Example.com"}, "password"),
        ({"password": 12345678}, "password"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "A\u0000da"}, "name"),
        ({"name": "n" * 201}, "name"),
        ({"name": "n" * 1_000_000}, "name"),
        ({"role": "admin"}, "role"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    client: TestClient, changes: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/auth/register", json=new_account(**changes))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "invalid_request"
    assert [error["field"] for error in problem["errors"]] == [field]
    assert len(answer.content) < 2_000


@pytest.mark.parametrize("field", ["email", "password", "name"])
def test_every_field_is_needed(client: TestClient, field: str) -> None:
    body = new_account()
    del body[field]
    answer = client.post("/api/auth/register", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "message": "Field required"}]


def test_a_long_password_counts_to_its_end_and_may_hold_a_nul(client: TestClient) -> None:
    long = "p\0" + "q" * 200
    client.post("/api/auth/register", json=new_account(password=long + "1"))
    login = {"email": "ada@example.com", "password": long + "2"}
    assert client.post("/api/auth/login", json=login).status_code == 401
    login["password"] = long + "1"
    assert client.post("/api/auth/login", json=login).status_code == 200


def test_a_repeat_with_the_same_key_gets_the_same_answer(client: TestClient) -> None:
    headers = {"Idempotency-Key": "registration-1"}
    first = client.post("/api/auth/register", json=new_account(), headers=headers)
    second = client.post("/api/auth/register", json=new_account(), headers=headers)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()


def test_the_same_key_with_another_body_is_refused(client: TestClient) -> None:
    headers = {"Idempotency-Key": "registration-1"}
    client.post("/api/auth/register", json=new_account(), headers=headers)
    other = new_account(email="grace@example.com")
    answer = client.post("/api/auth/register", json=other, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_one_address_can_not_register_without_end(client: TestClient) -> None:
    def attempt(number: int) -> Response:
        body = new_account(email=f"a{number}@example.com")
        return client.post("/api/auth/register", json=body)

    answers = [attempt(number) for number in range(41)]
    assert [answer.status_code for answer in answers[:40]] == [201] * 40
    assert answers[40].status_code == 429
    assert answers[40].json()["code"] == "too_many_requests"
    assert 1 <= int(answers[40].headers["retry-after"]) <= 60


def test_a_registered_user_can_sign_in(register: Callable[[], Any]) -> None:
    learner = register()
    me = learner.get("/api/auth/me")
    assert me.status_code == 200
    assert me.json() == learner.user
