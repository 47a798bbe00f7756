"""A documents service on real PostgreSQL with storage and reader of the tests' own."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from functions.documents.api import app
from functions.documents.wiring import get_storage
from shared.database.engine import Database, get_database
from shared.database.tables.documents import Document
from shared.identifiers import new_id
from shared.rate_limits import get_counter
from shared.sessions import get_session_directory
from shared.storage.removal import ObjectRemoval
from shared.storage.wiring import get_object_removal
from tests.fakes.object_storage import FakeObjectStorage
from tests.fakes.web import CounterInMemory, EverySessionLives, signed_in

AddDocument = Callable[..., Document]


@pytest.fixture
def add_document(database: Database, user_id: uuid.UUID) -> AddDocument:
    def add(**values: Any) -> Document:
        document_id, owner = new_id(), values.pop("user_id", user_id)
        given = {
            "id": document_id,
            "user_id": owner,
            "filename": "lecture.pdf",
            "object_key": f"uploads/{owner}/{document_id}.pdf",
            "size_bytes": 100,
            "status": "awaiting_upload",
            **values,
        }
        document = Document(**given)
        with database.transaction() as session:
            session.add(document)
        return document

    return add


@pytest.fixture
def client_of(
    database: Database, storage: FakeObjectStorage, removal: ObjectRemoval
) -> Iterator[Callable[[uuid.UUID], TestClient]]:
    counter = CounterInMemory()
    app.dependency_overrides = {
        get_database: lambda: database,
        get_session_directory: EverySessionLives,
        get_counter: lambda: counter,
        get_storage: lambda: storage,
        get_object_removal: lambda: removal,
    }
    yield lambda user_id: TestClient(app, headers=signed_in(user_id))
    app.dependency_overrides = {}


@pytest.fixture
def client(client_of: Callable[[uuid.UUID], TestClient], user_id: uuid.UUID) -> TestClient:
    return client_of(user_id)
