"""What tests of evaluation start from."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from functions.evaluation.api import app
from functions.evaluation.wiring import get_state_machine
from shared.config import get_settings
from shared.database.engine import Database, get_database
from shared.rate_limits import get_counter
from shared.sessions import get_session_directory
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.state_machine import FakeStateMachine
from tests.fakes.web import CounterInMemory, EverySessionLives, signed_in
from tests.integration.evaluation.evaluation_harness import Evaluation, judge


@pytest.fixture
def start(database: Database) -> Callable[..., Evaluation]:
    """Builds an evaluation whose model answers by a function, or with one thing always."""

    def build(answer: Any = judge, **options: Any) -> Evaluation:
        return Evaluation(database, FakeLanguageModel(answer=answer), **options)

    return build


@dataclass
class Api:
    """The service's routes, called as any user; jobs are only noted as started."""

    client: TestClient
    state_machine: FakeStateMachine

    def call(
        self,
        method: str,
        path: str,
        user_id: uuid.UUID,
        *,
        role: str = "learner",
        key: str | None = None,
        **options: Any,
    ) -> Any:
        headers = signed_in(user_id, role) | {"Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        return self.client.request(method, f"/api/evaluation{path}", headers=headers, **options)


@pytest.fixture
def api(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setenv("JWT_SECRET", "a-secret-of-tests-that-is-long-enough")
    monkeypatch.setenv("GEMINI_MODEL", "fake-model")
    get_settings.cache_clear()
    state_machine = FakeStateMachine()
    app.dependency_overrides = {
        get_database: lambda: database,
        get_session_directory: EverySessionLives,
        get_counter: CounterInMemory,
        get_state_machine: lambda: state_machine,
    }
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Api(client, state_machine)
    app.dependency_overrides = {}
    get_settings.cache_clear()
