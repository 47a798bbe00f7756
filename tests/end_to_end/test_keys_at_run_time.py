"""Keys that are added while the system runs: used, removed, and quarantined if wrong."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import httpx2
import pytest

from scripts.demo.client import LearningClient
from tests.end_to_end.conftest import Emulator

KEYS = "/api/admin/keys"
# What is changed holds everywhere within this.
REACHES_EVERYBODY_SECONDS = 10.0


class Pool:
    """The key pool in an administrator's hands, and what the stand-in for Gemini saw of it."""

    def __init__(self, administrator: LearningClient, stack: dict[str, str]) -> None:
        self.administrator = administrator
        self.google = httpx2.Client(base_url=stack["gemini_url"], timeout=10)
        self.added: dict[str, str] = {}
        self.paused: list[str] = []

    def rows(self) -> dict[str, dict[str, Any]]:
        answer = self.administrator.call("GET", f"{KEYS}?limit=100")
        return {row["alias"]: row for row in answer["items"]}

    def add(self, *, known: bool = True) -> str:
        """A new key, which the stand-in knows or doesn't; its alias."""
        alias, value = f"added-{uuid.uuid4().hex[:8]}", f"a-key.of~no+shape-{uuid.uuid4().hex}"
        if known:
            key = {"alias": alias, "key": value, "project": f"p-{alias}"}
            self.google.post("/_emulator/keys", json=key).raise_for_status()
        body = {"alias": alias, "key": value, "project": f"p-{alias}"}
        self.added[alias] = self.administrator.call("POST", KEYS, body)["id"]
        return alias

    def remove(self, alias: str) -> None:
        self.administrator.call("DELETE", f"{KEYS}/{self.added.pop(alias)}")

    def pause_all_others(self) -> None:
        for row in self.rows().values():
            if row["alias"] not in self.added and row["active"]:
                self.administrator.call("PATCH", f"{KEYS}/{row['id']}", {"active": False})
                self.paused.append(row["id"])

    def resume_all(self) -> None:
        while self.paused:
            self.administrator.call("PATCH", f"{KEYS}/{self.paused.pop()}", {"active": True})

    def calls_of(self, alias: str) -> list[dict[str, Any]]:
        """The finished calls that Google saw with this key."""
        calls = self.google.get("/_emulator/calls").raise_for_status().json()["calls"]
        return [call for call in calls if call["key"] == alias]

    def restore(self) -> None:
        self.resume_all()
        for alias in list(self.added):
            self.remove(alias)
        self.google.close()


@pytest.fixture
def pool(administrator: LearningClient, stack: dict[str, str]) -> Iterator[Pool]:
    """The pool, as it was before when the test has ended."""
    pool = Pool(administrator, stack)
    yield pool
    pool.restore()


def generate(client: LearningClient, document: dict[str, Any], count: int = 5) -> dict[str, Any]:
    wish = {"document_id": document["id"], "count": count, "fresh": True}
    return dict(client.call("POST", "/api/questions/generate", wish))


def ended(client: LearningClient, answered: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a job that was begun, when it has ended."""
    return list(client.follow(answered["job"]["id"], seconds=120))


def wait_until(condition: Callable[[], Any], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come in time"
        time.sleep(0.1)


@pytest.mark.usefixtures("emulator")
def test_an_added_key_serves_within_ten_seconds_and_no_more_when_it_is_removed(
    pool: Pool, reader: LearningClient, document: dict[str, Any]
) -> None:
    alias = pool.add()
    pool.pause_all_others()
    answered = generate(reader, document)
    wait_until(lambda: pool.rows()[alias]["requests"], REACHES_EVERYBODY_SECONDS)

    events = ended(reader, answered)

    assert events[-1]["type"] == "job.completed", events[-1]
    row, served = pool.rows()[alias], pool.calls_of(alias)
    assert (row["state"], row["refusals"], row["errors"]) == ("healthy", {}, {})
    assert row["requests"] == len(served) >= 2
    assert row["requests"] == sum(one["requests"] for one in row["by_model"])
    assert row["tokens"] > 0
    pool.resume_all()
    pool.remove(alias)
    assert ended(reader, generate(reader, document))[-1]["type"] == "job.completed"
    assert pool.calls_of(alias) == served


def test_a_call_under_way_ends_well_when_its_key_is_removed(
    pool: Pool, reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    alias = pool.add()
    pool.pause_all_others()
    emulator.hasten(1.0)
    before = emulator.calls()
    answered = generate(reader, document)
    wait_until(lambda: emulator.calls() > before, seconds=20)
    assert pool.calls_of(alias) == [], "the call ended before its key could be removed"

    pool.remove(alias)
    pool.resume_all()

    assert ended(reader, answered)[-1]["type"] == "job.completed"
    (call,) = pool.calls_of(alias)
    assert call["status"] == 200
    assert alias not in pool.rows()


@pytest.mark.usefixtures("emulator")
def test_a_wrong_key_is_quarantined_after_one_call_and_told(
    pool: Pool, reader: LearningClient, document: dict[str, Any], stack: dict[str, str]
) -> None:
    since = int(time.time() * 1000)
    alias = pool.add(known=False)
    pool.pause_all_others()
    answered = generate(reader, document)
    wait_until(lambda: pool.rows()[alias]["state"] == "dead", REACHES_EVERYBODY_SECONDS)
    # Without any other key the job would look again in a minute.
    reader.call("DELETE", f"/api/jobs/{answered['job']['id']}")

    pool.resume_all()

    assert ended(reader, generate(reader, document))[-1]["type"] == "job.completed"
    row = pool.rows()[alias]
    assert (row["requests"], row["errors"]) == (1, {"key_invalid": 1})
    assert row["models"][0]["blocked_by"] == "key_invalid"
    told = [line for line in logged(stack, since) if line.get("key_alias") == alias]
    assert [line["ModelKeyProblems"] for line in told if "ModelKeyProblems" in line] == [[1.0]]


def logged(stack: dict[str, str], since: int) -> list[dict[str, Any]]:
    """The JSON lines of the functions that generate, from the logs of the emulated AWS."""
    client = boto3.client(
        "logs",
        endpoint_url=stack["aws_endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    group = f"/aws/lambda/{stack['stack_name']}-generate-chunk"
    events = client.filter_log_events(logGroupName=group, startTime=since)["events"]
    lines = [event["message"] for event in events]
    return [json.loads(line) for line in lines if line.startswith("{")]
