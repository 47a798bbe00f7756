"""The HTTP interface of the realtime service: a ticket, and its health."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from fastapi.testclient import TestClient

from functions.realtime.api import app
from functions.realtime.tickets import Tickets
from functions.realtime.wiring import get_tickets
from shared.config import Settings, get_settings
from shared.rate_limits import ValkeyCounter, get_counter
from shared.realtime.subscriptions import Connected
from shared.sessions import get_session_directory

USER, SESSION = uuid.uuid4(), uuid.uuid4()


class EverySessionLives:
    def is_alive(self, session_id: uuid.UUID) -> bool:
        return True


@pytest.fixture
def client(redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    settings = Settings(websocket_url="wss://live.test/v1")
    monkeypatch.setattr("functions.realtime.api.get_settings", lambda: settings)
    app.dependency_overrides = {
        get_tickets: lambda: Tickets(redis),
        get_session_directory: EverySessionLives,
        get_counter: lambda: ValkeyCounter(redis),
    }
    now = datetime.now(UTC)
    claims = {
        "iss": "learning-app",
        "aud": "access",
        "sub": str(USER),
        "sid": str(SESSION),
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    token = jwt.encode(claims, get_settings().resolved_jwt_secret(), "HS256")
    yield TestClient(app, headers={"Authorization": f"Bearer {token}"})
    app.dependency_overrides = {}


def test_a_ticket_comes_with_the_address_to_connect_to(client, redis) -> None:
    answer = client.post("/api/realtime/ticket")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"ticket", "url", "expires_in"}
    assert body["expires_in"] == 30
    url = urlsplit(body["url"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == "wss://live.test/v1"
    assert parse_qs(url.query) == {"ticket": [body["ticket"]]}
    assert Tickets(redis).use(body["ticket"]) == Connected(USER, SESSION)


def test_each_ticket_is_another(client) -> None:
    tickets = {client.post("/api/realtime/ticket").json()["ticket"] for _ in range(20)}
    assert len(tickets) == 20


def test_a_ticket_needs_an_access_token(client) -> None:
    answer = client.post("/api/realtime/ticket", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


def test_tickets_are_limited(client) -> None:
    answers = [client.post("/api/realtime/ticket").status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]


def test_a_ticket_is_in_no_log_line(client, capsys) -> None:
    ticket = client.post("/api/realtime/ticket").json()["ticket"]
    output = capsys.readouterr()
    assert ticket not in output.out + output.err
