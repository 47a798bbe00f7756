"""A request's transaction: committed before the answer, undone by an error."""

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from shared.database.engine import Database
from shared.database.tables.users import User


def emails(database: Database) -> list[str]:
    with database.transaction() as session:
        return sorted(session.scalars(select(User.email)))


def test_what_waits_for_the_commit_runs_after_it_and_before_the_answer(
    client: TestClient, database: Database, journal: Any
) -> None:
    assert client.post("/users/ada", json={"email": "a@x.de"}).status_code == 201
    assert (journal.after, emails(database)) == (["a@x.de"], ["a@x.de"])


def test_an_error_undoes_everything(client: TestClient, database: Database, journal: Any) -> None:
    assert client.post("/refused", json={"email": "a@x.de"}).status_code == 409
    assert (journal.after, emails(database)) == ([], [])


def test_a_commit_that_fails_is_answered_as_a_problem(
    client: TestClient, database: Database, journal: Any
) -> None:
    assert client.post("/collision", json={"email": "a@x.de"}).status_code == 204
    answer = client.post("/collision", json={"email": "A@x.de"})
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert (journal.after, emails(database)) == (["a@x.de"], ["a@x.de"])


def test_a_failure_after_the_commit_takes_nothing_back(
    client: TestClient, database: Database, journal: Any
) -> None:
    journal.failure_after = ConnectionError("queue lost")
    assert client.post("/users/ada", json={"email": "a@x.de"}).status_code == 201
    assert emails(database) == ["a@x.de"]


def test_text_that_postgresql_can_not_hold_is_the_callers_to_mend(
    client: TestClient, database: Database
) -> None:
    for name in ("a\0b", "n" * 201):
        answer = client.post("/users/ada", json={"email": "a@x.de", "name": name})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert emails(database) == []
