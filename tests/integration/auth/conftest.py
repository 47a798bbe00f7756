"""The auth application on real PostgreSQL and Valkey, with a bucket in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from redis import Redis

from functions.auth.api import app
from functions.auth.passwords import PasswordHasher
from functions.auth.revocations import ValkeyRevocations
from functions.auth.settings import AuthSettings, get_auth_settings
from functions.auth.wiring import get_hasher, get_revocations
from shared.database.engine import Database, get_database
from shared.rate_limits import ValkeyCounter, get_counter
from shared.sessions import CachedSessionDirectory, get_session_directory
from shared.storage.removal import ObjectRemoval
from shared.storage.wiring import get_object_removal

PASSWORD = "correct horse battery staple"


@dataclass
class Learner:
    """A signed-in user, as a client sees itself."""

    client: TestClient
    email: str
    user: dict[str, Any]
    tokens: dict[str, Any] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def get(self, path: str) -> Response:
        return self.client.get(path, headers=self.headers)

    def log_in(self) -> dict[str, Any]:
        answer = self.client.post(
            "/api/auth/login", json={"email": self.email, "password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refresh(self, token: str | None = None) -> Response:
        body = {"refresh_token": token or self.tokens["refresh_token"]}
        return self.client.post("/api/auth/refresh", json=body)


class Registration:
    """Registers learners, each with an address of their own."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._count = 0

    def __call__(self, email: str | None = None) -> Learner:
        self._count += 1
        email = email or f"learner{self._count}@example.com"
        answer = self._client.post(
            "/api/auth/register", json={"email": email, "password": PASSWORD, "name": "Ada"}
        )
        assert answer.status_code == 201, answer.text
        learner = Learner(self._client, email, answer.json()["user"])
        learner.tokens = learner.log_in()
        return learner


@pytest.fixture
def client(database: Database, redis: Redis, removal: ObjectRemoval) -> Iterator[TestClient]:
    settings = AuthSettings(
        password_hash_cost=4,
        register_limit_per_address=40,
        login_limit_per_address=40,
        login_limit_per_email=5,
    )
    app.dependency_overrides = {
        get_database: lambda: database,
        get_session_directory: lambda: CachedSessionDirectory(database, redis),
        get_counter: lambda: ValkeyCounter(redis),
        get_auth_settings: lambda: settings,
        get_hasher: lambda: PasswordHasher(4),
        get_object_removal: lambda: removal,
        get_revocations: lambda: ValkeyRevocations(redis, timedelta(minutes=15)),
    }
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened
    app.dependency_overrides = {}


@pytest.fixture
def register(client: TestClient) -> Registration:
    return Registration(client)
