"""A small application made like every service's, on real PostgreSQL and Valkey."""

import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel
from redis import Redis
from sqlalchemy import select

from shared.database.engine import Database, get_database
from shared.database.tables.users import User
from shared.errors import Conflict
from shared.identifiers import new_id
from shared.pagination import Page
from shared.rate_limits import ValkeyCounter, get_counter
from shared.sessions import CachedSessionDirectory, get_session_directory
from shared.web.application import create_application
from shared.web.authentication import SignedIn
from shared.web.idempotency import Idempotent
from shared.web.pagination import RequestedPage
from shared.web.rate_limits import limited_by_address, limited_by_user
from shared.web.transaction import InTransaction


class NewUser(BaseModel):
    """Whom to add."""

    email: str
    name: str = "Somebody"


class Journal:
    """What the routes did, and what holds them up or makes them fail."""

    def __init__(self) -> None:
        self.produced: list[str] = []
        self.after: list[str] = []
        self.entered = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.failure: Exception | None = None
        self.failure_after: Exception | None = None


@pytest.fixture
def journal() -> Journal:
    return Journal()


def _router(journal: Journal) -> APIRouter:
    router = APIRouter()

    @router.post("/users/{scope}", status_code=201)
    def add_user(
        scope: str, body: NewUser, transaction: InTransaction, once: Idempotent
    ) -> JSONResponse:
        """Add a user, once for a key."""

        def produce() -> tuple[int, Any]:
            journal.produced.append(body.email)
            journal.entered.set()
            assert journal.may_go_on.wait(10)
            user = User(id=new_id(), email=body.email, name=body.name, password_hash="x")
            transaction.session.add(user)
            transaction.session.flush()
            transaction.after_commit(lambda: finish(body.email))
            if journal.failure:
                raise journal.failure
            return 201, {"id": user.id, "at": user.created_at}

        return once.answer(transaction.session, scope, produce)

    def finish(email: str) -> None:
        if journal.failure_after:
            raise journal.failure_after
        journal.after.append(email)

    @router.get("/users")
    def list_users(page: RequestedPage, transaction: InTransaction) -> Page[str]:
        """All users."""
        rows = transaction.session.scalars(page.apply(select(User), User.id)).all()
        return page.page(rows, lambda user: str(user.email))

    @router.post("/collision", status_code=204)
    def collide(body: NewUser, transaction: InTransaction) -> None:
        """Leave a wrong row for the commit to find."""
        transaction.session.add(User(email=body.email, name=body.name, password_hash="x"))
        transaction.after_commit(lambda: finish(body.email))

    @router.post("/refused", status_code=204)
    def refuse(body: NewUser, transaction: InTransaction) -> None:
        """Write something, then think better of it."""
        transaction.session.add(User(email=body.email, name=body.name, password_hash="x"))
        transaction.session.flush()
        transaction.after_commit(lambda: finish(body.email))
        raise Conflict("no")

    @router.get("/mine", dependencies=[Depends(limited_by_user("mine", 3, 60))])
    def mine(caller: SignedIn) -> dict[str, str]:
        """Who is calling."""
        return {"user_id": str(caller.user_id)}

    @router.get("/anyone", dependencies=[Depends(limited_by_address("anyone", 3, 60))])
    def anyone() -> Annotated[str, "nothing"]:
        """Whoever is calling."""
        return "hello"

    return router


@pytest.fixture
def client(database: Database, redis: Redis, journal: Journal) -> Iterator[TestClient]:
    app = create_application("test", _router(journal))
    app.dependency_overrides = {
        get_database: lambda: database,
        get_session_directory: lambda: CachedSessionDirectory(database, redis),
        get_counter: lambda: ValkeyCounter(redis),
    }
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened
