"""Idempotency-Key: the same key and body give the same answer and one effect."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import func, select

from shared.database.engine import Database
from shared.database.tables.users import IdempotencyRecord, User
from shared.errors import Conflict


def post(client: TestClient, key: str | None, scope: str = "ada", **body: Any) -> Response:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post(f"/users/{scope}", json={"email": "a@x.de", **body}, headers=headers)


def users(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(User)) or 0


def test_a_repeat_gets_the_same_answer_and_does_nothing(
    client: TestClient, database: Database, journal: Any
) -> None:
    first, second = post(client, "k"), post(client, "k")
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert users(database) == len(journal.produced) == len(journal.after) == 1


def test_the_key_with_another_body_is_refused(client: TestClient, database: Database) -> None:
    post(client, "k")
    answer = post(client, "k", email="b@x.de")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert users(database) == 1


def test_keys_are_each_callers_own(client: TestClient, database: Database) -> None:
    assert post(client, "k", "ada").status_code == 201
    assert post(client, "k", "grace", email="b@x.de").status_code == 201
    assert users(database) == 2


def test_without_a_key_every_call_counts(client: TestClient, database: Database) -> None:
    assert post(client, None).status_code == 201
    assert post(client, None, email="b@x.de").status_code == 201
    assert users(database) == 2


def test_what_failed_may_be_tried_again_with_its_key(
    client: TestClient, database: Database, journal: Any
) -> None:
    journal.failure = Conflict("not now")
    assert post(client, "k").status_code == 409
    assert (users(database), journal.after) == (0, [])
    journal.failure = None
    assert post(client, "k").status_code == 201
    assert users(database) == 1


def test_calls_that_race_with_one_key_have_one_effect(
    client: TestClient, database: Database, journal: Any
) -> None:
    journal.may_go_on.clear()
    with ThreadPoolExecutor(5) as pool:
        racing = [pool.submit(post, client, "k") for _ in range(5)]
        assert journal.entered.wait(10)
        journal.may_go_on.set()
        answers = [one.result() for one in racing]
    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert users(database) == len(journal.produced) == 1


def test_where_the_first_of_racing_calls_fails_the_next_has_the_effect(
    client: TestClient, database: Database, journal: Any
) -> None:
    journal.may_go_on.clear()
    journal.failure = Conflict("not now")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(post, client, "k")
        assert journal.entered.wait(10)
        second = pool.submit(post, client, "k")
        journal.may_go_on.set()
        assert first.result().status_code == 409
        journal.failure = None
        assert second.result().status_code in {201, 409}
    assert post(client, "k").status_code == 201
    assert users(database) == 1


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_of_odd_length_is_refused_by_name(client: TestClient, key: str) -> None:
    answer = post(client, key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_any_other_key_works(client: TestClient, database: Database) -> None:
    for number, key in enumerate(("'; DROP TABLE users;--", "é", " k ", "x" * 200)):
        headers = {"Idempotency-Key": key.encode("latin-1")}
        body = {"email": f"{number}@x.de"}
        assert client.post("/users/ada", json=body, headers=headers).status_code == 201
    assert users(database) == 4


def test_a_body_can_not_be_guessed_from_what_is_stored(
    client: TestClient, database: Database
) -> None:
    body = b'{"email":"a@x.de"}'
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    client.post("/users/ada", content=body, headers=headers)
    with database.transaction() as session:
        stored = session.scalar(select(IdempotencyRecord.body_hash))
    assert stored
    assert stored != hashlib.sha256(body).hexdigest()
