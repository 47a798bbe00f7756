"""The questions service over HTTP, on a real database and a fake state machine."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient

from functions.questions.api import app
from functions.questions.wiring import get_state_machine
from shared.database.engine import Database, get_database
from shared.rate_limits import get_counter
from shared.sessions import get_session_directory
from tests.fakes.state_machine import FakeStateMachine
from tests.fakes.web import CounterInMemory, EverySessionLives, signed_in


@dataclass
class Api:
    """A client of the service, and what stands behind it."""

    client: TestClient
    database: Database
    state_machine: FakeStateMachine = field(default_factory=FakeStateMachine)

    def call(self, user_id: uuid.UUID, method: str, path: str, body: Any = None) -> Any:
        """The answer to a signed-in user's request."""
        return self.client.request(
            method, f"/api/questions{path}", json=body, headers=signed_in(user_id)
        )


@pytest.fixture
def api(database: Database) -> Iterator[Api]:
    found = Api(TestClient(app), database)
    app.dependency_overrides = {
        get_database: lambda: database,
        get_session_directory: EverySessionLives,
        get_counter: CounterInMemory,
        get_state_machine: lambda: found.state_machine,
    }
    yield found
    app.dependency_overrides = {}
