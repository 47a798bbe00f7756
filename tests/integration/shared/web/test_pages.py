"""Lists in pages, on real rows."""

import pytest
from fastapi.testclient import TestClient

from shared.database.engine import Database
from shared.database.tables.users import User
from shared.identifiers import new_id


@pytest.fixture
def emails(database: Database) -> list[str]:
    """Five users, newest first."""
    addresses = [f"u{number}@x.de" for number in range(5)]
    with database.transaction() as session:
        for address in addresses:
            session.add(User(id=new_id(), email=address, name="U", password_hash="x"))
            session.flush()
    return addresses[::-1]


def walk(client: TestClient, limit: int) -> list[list[str]]:
    pages, cursor = [], ""
    while True:
        page = client.get("/users", params={"limit": limit, "cursor": cursor}).json()
        pages.append(page["items"])
        cursor = page["next_cursor"]
        if not cursor:
            return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 100])
def test_pages_together_are_the_list(client: TestClient, emails: list[str], limit: int) -> None:
    pages = walk(client, limit)
    assert [item for page in pages for item in page] == emails
    assert all(len(page) == limit for page in pages[:-1])


def test_a_row_added_meanwhile_shifts_nothing(
    client: TestClient, database: Database, emails: list[str]
) -> None:
    first = client.get("/users?limit=2").json()
    with database.transaction() as session:
        session.add(User(id=new_id(), email="new@x.de", name="U", password_hash="x"))
    second = client.get("/users", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert first["items"] + second["items"] == emails[:4]


def test_an_empty_list_is_one_empty_page(client: TestClient) -> None:
    assert client.get("/users").json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=101", "limit=x", "cursor=x"])
def test_an_impossible_page_is_refused_by_field(client: TestClient, query: str) -> None:
    answer = client.get(f"/users?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [
        query.split("=", maxsplit=1)[0]
    ]
