"""The key pool's routes on real PostgreSQL and Valkey."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from redis import Redis
from sqlalchemy import text

from functions.admin import wiring
from functions.admin.api import app
from shared.ai.error_table import classify
from shared.ai.interface import Lane, Usage
from shared.ai.key_encryption import KeyCipher
from shared.ai.key_store import KeyStore
from shared.ai.keyring import KeyRing
from shared.ai.keys import ApiKey
from shared.ai.pool import Ask, Lease, Outcome
from shared.ai.provider_error import ProviderError
from shared.ai.wiring import AiLayer, build_ai_layer, get_ai_layer
from shared.config import Settings
from shared.database.engine import Database

SECRET = "AIzaSyStoredStoredStoredStoredStoredStr"
OTHER = "AQ.another_key_of_another_shape_0123456789"
UNLIKE = "one.of-no-known-shape"
GIVEN = "AIzaSyGivenGivenGivenGivenGivenGivenGi"
NEW = {"alias": "spare", "key": SECRET, "project": "p-spare", "label": "for the exam week"}
Headers = dict[str, str]


class Keys:
    """The routes as one administrator calls them."""

    def __init__(self, client: TestClient, headers: Headers) -> None:
        self.client = client
        self.headers = headers

    def add(self, **changes: Any) -> Any:
        return self.client.post("/api/admin/keys", json={**NEW, **changes}, headers=self.headers)

    def change(self, key_id: str, **changes: Any) -> Any:
        return self.client.patch(f"/api/admin/keys/{key_id}", json=changes, headers=self.headers)

    def remove(self, key_id: str) -> Any:
        return self.client.delete(f"/api/admin/keys/{key_id}", headers=self.headers)

    def page(self, **query: Any) -> Any:
        return self.client.get("/api/admin/keys", params=query, headers=self.headers)

    def all(self) -> dict[str, dict[str, Any]]:
        return {row["alias"]: row for row in self.page(limit=100).json()["items"]}


@pytest.fixture
def layer_of(database: Database, redis_url: str) -> Callable[..., AiLayer]:
    """An AI layer of a process of its own."""

    def build(**settings: Any) -> AiLayer:
        made = Settings(**{"redis_url": redis_url, "gemini_model": "gemini-2.5-flash"} | settings)
        given = ApiKey("given", SecretStr(GIVEN), "p-given")
        store = KeyStore(database, lambda: KeyCipher(["passphrase"]))
        return build_ai_layer(made, KeyRing([given], {}, store.load))

    return build


@pytest.fixture
def keys(
    client: TestClient,
    signed_in: Callable[..., Headers],
    layer_of: Callable[..., AiLayer],
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> Keys:
    layer = layer_of()
    app.dependency_overrides[get_ai_layer] = lambda: layer
    monkeypatch.setattr(wiring, "get_key_cipher", lambda: KeyCipher(["passphrase"]))
    monkeypatch.setattr("shared.ai.wiring.get_cache", lambda: redis)
    return Keys(client, signed_in("admin"))


@pytest.fixture(autouse=True)
def no_stored_keys(database: Database) -> Iterator[None]:
    yield
    with database.transaction() as session:
        session.execute(text("DELETE FROM gemini_keys"))


def test_an_added_key_is_shown_with_its_numbers_and_without_its_value(keys: Keys) -> None:
    answer = keys.add()
    assert answer.status_code == 201, answer.text
    added = answer.json()
    assert (added["alias"], added["project"], added["label"], added["source"], added["active"]) == (
        "spare",
        "p-spare",
        "for the exam week",
        "stored",
        True,
    )
    listed = keys.page()
    row = listed.json()["items"][0]
    assert {name: row[name] for name in added} == added
    assert (row["state"], row["requests"], row["tokens"]) == ("unproven", 0, 0)
    (on_model,) = row["models"]
    assert on_model["quota"]["configured"]["rpm"] > 0
    assert on_model["quota"]["day_left"] > 0
    assert SECRET not in answer.text + listed.text


def test_the_value_lies_encrypted_and_nowhere_else(
    keys: Keys, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.headers = {**keys.headers, "Idempotency-Key": "once"}
    keys.add()
    with database.transaction() as session:
        for table in ("gemini_keys", "idempotency_records"):
            rows = session.execute(text(f"SELECT * FROM {table}")).all()
            assert rows
            assert SECRET not in repr(rows)
            assert SECRET.encode().hex() not in repr(rows)
            assert all(SECRET.encode() not in bytes(v) for r in rows for v in r if _is_bytes(v))
    printed = capsys.readouterr()
    assert SECRET not in printed.out + printed.err


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes | memoryview)


def test_adding_twice_with_one_idempotency_key_adds_once(keys: Keys) -> None:
    keys.headers = {**keys.headers, "Idempotency-Key": "once"}
    first, second = keys.add(), keys.add()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    reused = keys.add(key=OTHER)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


def test_an_alias_or_a_value_that_is_there_is_a_conflict(keys: Keys) -> None:
    assert keys.add().status_code == 201
    for again, code in (
        ({"key": OTHER}, "alias_taken"),
        ({"alias": "given", "key": OTHER}, "alias_taken"),
        ({"alias": "double"}, "key_exists"),
        ({"alias": "double", "key": GIVEN}, "key_exists"),
    ):
        answer = keys.add(**again)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert set(keys.all()) == {"spare", "given"}


def test_of_two_who_add_the_same_value_at_once_one_succeeds(keys: Keys) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: keys.add(alias=f"k{number}"), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": f"{SECRET} {SECRET}"},
        {"key": SECRET + "é"},
        {"key": "AIzaSy"},
        {"key": [SECRET]},
        {"key": None},
        {"alias": SECRET},
        {"alias": "a|b"},
        {"alias": ""},
        {"project": SECRET},
        {"project": "a b"},
        {"label": f"this is {SECRET}"},
        {"label": "x" * 201},
        {"alias": UNLIKE, "key": UNLIKE},
        {"project": f"of-{UNLIKE}", "key": UNLIKE},
        {"label": f"this is {UNLIKE}", "key": UNLIKE},
        {SECRET: "as a name"},
    ],
)
def test_what_is_malformed_is_refused_without_repeating_it(
    keys: Keys, wrong: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = keys.add(**wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    printed = capsys.readouterr()
    for secret in (SECRET, UNLIKE):
        assert secret not in answer.text + printed.out + printed.err
    assert set(keys.all()) == {"given"}


def test_a_blank_label_is_none(keys: Keys) -> None:
    added = keys.add(label="  ").json()
    assert added["label"] is None
    assert keys.change(added["id"], label="told").json()["label"] == "told"
    assert keys.change(added["id"], label="").json()["label"] is None


def test_broken_json_is_refused_without_repeating_it(keys: Keys) -> None:
    answer = keys.client.post(
        "/api/admin/keys",
        content=json.dumps(NEW)[:-1],
        headers={**keys.headers, "Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert SECRET not in answer.text


def test_a_key_is_renamed_labelled_paused_and_resumed(keys: Keys) -> None:
    key_id = keys.add().json()["id"]
    changed = keys.change(key_id, alias="renamed", label=None, project=None, active=False)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["alias"], changed.json()["label"]) == ("renamed", None)
    assert changed.json()["project"] == "default"
    assert keys.all()["renamed"]["state"] == "paused"
    assert keys.change(key_id, active=True).json()["active"] is True
    assert keys.all()["renamed"]["state"] == "unproven"
    assert keys.change(key_id).json() == keys.change(key_id, alias="renamed").json()


def test_a_wrong_change_is_refused(keys: Keys) -> None:
    key_id = keys.add().json()["id"]
    for wrong in ({"alias": None}, {"active": None}, {"key": OTHER}, {"active": "perhaps"}):
        assert keys.change(key_id, **wrong).status_code == 422
    assert keys.change(key_id, alias="given").json()["code"] == "alias_taken"


def test_a_key_of_the_settings_is_paused_and_resumed_under_one_id(keys: Keys) -> None:
    given = keys.all()["given"]
    assert (given["source"], given["active"], given["created_at"]) == ("environment", True, None)
    paused = keys.change(given["id"], active=False, label="over its budget").json()
    assert (paused["id"], paused["active"]) == (given["id"], False)
    row = keys.all()["given"]
    assert (row["id"], row["state"], row["label"]) == (given["id"], "paused", "over its budget")
    assert keys.change(given["id"], active=True).json()["active"] is True
    assert keys.all()["given"]["state"] == "unproven"


def test_a_key_of_the_settings_is_not_removed_or_renamed_here(keys: Keys) -> None:
    given = keys.all()["given"]
    for answer in (keys.remove(given["id"]), keys.change(given["id"], alias="mine")):
        assert (answer.status_code, answer.json()["code"]) == (409, "key_of_settings")


def test_a_removed_key_is_gone_and_may_come_again(keys: Keys) -> None:
    key_id = keys.add().json()["id"]
    assert keys.remove(key_id).status_code == 204
    assert set(keys.all()) == {"given"}
    assert keys.remove(key_id).status_code == 404
    assert keys.change(key_id, active=False).status_code == 404
    assert keys.add().status_code == 201


def test_an_unknown_key_is_not_found_and_a_malformed_id_invalid(keys: Keys) -> None:
    assert keys.remove(str(uuid.uuid4())).status_code == 404
    assert keys.remove("spare").status_code == 422


def test_others_than_administrators_are_refused(
    keys: Keys, signed_in: Callable[..., Headers]
) -> None:
    key_id = keys.add().json()["id"]
    for role in ("learner", "teacher"):
        other = Keys(keys.client, signed_in(role))
        pool = keys.client.get("/api/admin/pool", headers=other.headers)
        answers = [other.page(), other.add(), other.change(key_id), other.remove(key_id), pool]
        assert {answer.status_code for answer in answers} == {403}
    assert keys.client.get("/api/admin/keys").status_code == 401


def test_pages_go_through_every_key_once(keys: Keys) -> None:
    for number in range(5):
        keys.add(alias=f"k{number}", key=f"{SECRET}{number}")
    seen, cursor = [], None
    while True:
        page = keys.page(limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [row["alias"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["k4", "k3", "k2", "k1", "k0", "given"]


def test_the_pool_is_shown_by_project_and_model(keys: Keys) -> None:
    keys.add(project="p-given")
    pool = keys.client.get("/api/admin/pool", headers=keys.headers).json()
    assert pool["degraded"] is False
    (project,) = pool["projects"]
    assert (project["project"], project["keys"]) == ("p-given", ["given", "spare"])
    assert project["quota"]["in_force"]["rpm"] > 0
    assert [model["model"] for model in pool["models"]] == ["gemini-2.5-flash"]


def test_a_key_is_shown_with_its_counts_in_all_and_by_model(keys: Keys, redis: Redis) -> None:
    today = f"{{gemini}}:counts:{datetime.now(UTC).date().isoformat()}"
    for counter, value in (
        ("given|gemini-2.5-flash|requests", 5),
        ("given|gemini-2.5-flash|429|minute_quota", 2),
        ("given|gemini-former|requests", 3),
        ("gone|gemini-2.5-flash|requests", 7),
    ):
        redis.hset(today, counter, str(value))
    row = keys.all()["given"]
    assert (row["requests"], row["refusals"]) == (8, {"minute_quota": 2})
    shown = [(one["model"], one["requests"], one["refusals"]) for one in row["by_model"]]
    assert shown == [("gemini-2.5-flash", 5, {"minute_quota": 2}), ("gemini-former", 3, {})]
    keys.change(row["id"], active=False)
    assert keys.all()["given"]["by_model"] == row["by_model"]
    pool = keys.client.get("/api/admin/pool", headers=keys.headers).json()
    (model,) = pool["models"]
    assert (model["today"]["requests"], model["today"]["refusals"]) == (12, {"minute_quota": 2})


async def test_a_change_reaches_another_process_with_its_next_decision(
    keys: Keys, layer_of: Callable[..., AiLayer], redis: Redis
) -> None:
    elsewhere = layer_of()
    await elsewhere.ring.refresh(redis.get("{gemini}:version"))
    keys.add()
    assert await elsewhere.ring.refresh(redis.get("{gemini}:version"))
    assert {key.alias for key in elsewhere.ring.keys} == {"given", "spare"}


def test_with_valkey_gone_keys_are_still_added_and_shown(
    keys: Keys, layer_of: Callable[..., AiLayer], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = "redis://127.0.0.1:1/0"
    layer = layer_of(redis_url=gone)
    app.dependency_overrides[get_ai_layer] = lambda: layer
    monkeypatch.setattr("shared.ai.wiring.get_cache", lambda: Redis.from_url(gone))
    assert keys.add().status_code == 201
    rows = keys.all()
    assert {row["state"] for row in rows.values()} == {"degraded"}
    assert (rows["spare"]["requests"], rows["spare"]["by_model"]) == (None, [])


def test_a_resumed_key_is_tried_anew(keys: Keys, redis: Redis) -> None:
    key_id = keys.add().json()["id"]
    keys.change(key_id, active=False)
    redis.hset("{gemini}:keys", "spare", "what was found out")
    keys.change(key_id, active=True)
    assert not redis.hexists("{gemini}:keys", "spare")


SERVICE_DISABLED = classify(
    ProviderError(403, "PERMISSION_DENIED", reason="SERVICE_DISABLED", is_googles=True)
)


async def refuse_the_project_of_given(layer: AiLayer) -> None:
    """One call with the key of the settings, which Google answers by refusing its project."""
    ask = Ask(
        model="gemini-2.5-flash",
        lane=Lane.GENERATION,
        user="",
        holder="job",
        tokens=100,
        cost_micro_usd=0,
        max_wait_seconds=0.0,
        hold_seconds=60.0,
    )
    lease = await layer.shared_pool.acquire(ask)
    assert isinstance(lease, Lease)
    await layer.shared_pool.settle(lease, Outcome(Usage(), 0, 0.1, SERVICE_DISABLED))


def test_a_project_that_was_refused_is_tried_anew_with_a_key_that_is_resumed_or_added(
    keys: Keys, layer_of: Callable[..., AiLayer]
) -> None:
    asyncio.run(refuse_the_project_of_given(layer_of()))
    given = keys.all()["given"]
    assert (given["state"], given["models"][0]["blocked_by"]) == ("disabled", "service_disabled")
    tried_again = datetime.fromisoformat(given["next_free_at"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < tried_again <= timedelta(hours=1)
    keys.change(given["id"], active=False)
    keys.change(given["id"], active=True)
    assert keys.all()["given"]["state"] == "unproven"
    asyncio.run(refuse_the_project_of_given(layer_of()))
    assert keys.all()["given"]["state"] == "disabled"
    keys.add(project="p-given")
    assert keys.all()["spare"]["state"] == keys.all()["given"]["state"] == "unproven"


def test_a_key_that_can_not_be_opened_is_shown_as_unusable(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "get_key_cipher", lambda: KeyCipher(["another passphrase"]))
    keys.add()
    assert keys.all()["spare"]["state"] == "unusable"
