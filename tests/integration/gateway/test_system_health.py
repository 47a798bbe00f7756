"""The health of the whole system: each check against something that answers, or doesn't."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from moto import mock_aws

from functions.gateway.api import app
from functions.gateway.checks import (
    check_bucket,
    check_queue,
    check_reachable,
    check_state_machine,
    gemini_address,
    optional_checks,
    required_checks,
)
from shared.config import ConfigurationError, Settings
from shared.web.health import Check, examine

Ask = Callable[[Mapping[str, Check], Mapping[str, Check]], Response]
SECRET = "postgresql://admin:hunter2@db.internal:5432"


def answers() -> None:
    """A dependency that is there."""


def is_gone() -> None:
    raise ConnectionError(f"no route to {SECRET}")


@pytest.fixture
def ask() -> Iterator[Ask]:
    def get(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Response:
        app.dependency_overrides = {
            required_checks: lambda: required,
            optional_checks: lambda: optional,
        }
        with TestClient(app, raise_server_exceptions=False) as client:
            return client.get("/health")

    yield get
    app.dependency_overrides = {}


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def web_server() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An HTTP server that knows nothing but that it was asked."""
    seen: list[dict[str, str]] = []

    class Refuses(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            seen.append({"path": self.path, **dict(self.headers)})
            self.send_response(404)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refuses)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_all_is_well(ask: Ask) -> None:
    answer = ask({"database": answers, "gemini": answers}, {"cache": answers})
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert [one["name"] for one in answer.json()["dependencies"]] == [
        "database",
        "gemini",
        "cache",
    ]
    assert all(one["latency_ms"] >= 0 for one in answer.json()["dependencies"])


def test_without_what_the_main_job_needs_the_answer_is_503(ask: Ask) -> None:
    answer = ask({"database": is_gone, "gemini": answers}, {"cache": answers})
    assert answer.status_code == 503
    assert answer.json()["status"] == "down"
    states = {one["name"]: one["state"] for one in answer.json()["dependencies"]}
    assert states == {"database": "down", "gemini": "ok", "cache": "ok"}


def test_without_what_can_be_gone_the_system_is_degraded(ask: Ask) -> None:
    answer = ask({"database": answers}, {"cache": is_gone})
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_neither_addresses_nor_secrets_are_told(
    ask: Ask, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = ask({"database": is_gone}, {})
    logged = capfd.readouterr()
    for text in (answer.text, logged.out, logged.err):
        assert "hunter2" not in text
        assert "db.internal" not in text


def test_a_dependency_that_hangs_is_down_and_holds_nobody_up() -> None:
    released = threading.Event()
    started = time.monotonic()
    health = examine("x", {"slow": lambda: released.wait(20) and None}, {}, patience=0.2)
    released.set()
    assert time.monotonic() - started < 5
    assert (health.status, health.dependencies[0].latency_ms) == ("down", 200)


def test_a_bucket_is_there_or_not(aws: None) -> None:
    s3 = boto3.client("s3")
    with pytest.raises(s3.exceptions.ClientError):
        check_bucket(s3, "documents")
    s3.create_bucket(Bucket="documents")
    check_bucket(s3, "documents")


def test_a_queue_is_there_or_not(aws: None) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="generation")["QueueUrl"]
    check_queue(sqs, url)
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.ClientError):
        check_queue(sqs, url)


def test_a_state_machine_is_there_or_not(aws: None) -> None:
    states = boto3.client("stepfunctions")
    definition = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    arn = states.create_state_machine(
        name="generate",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/states",
    )["stateMachineArn"]
    check_state_machine(states, arn)
    states.delete_state_machine(stateMachineArn=arn)
    with pytest.raises(states.exceptions.ClientError):
        check_state_machine(states, arn)


def test_what_is_not_configured_is_down(aws: None) -> None:
    with pytest.raises(ConfigurationError):
        check_queue(boto3.client("sqs"), "")
    with pytest.raises(ConfigurationError):
        check_state_machine(boto3.client("stepfunctions"), "")


def test_any_http_answer_means_that_the_model_can_be_reached(
    web_server: tuple[str, list[dict[str, str]]],
) -> None:
    address, seen = web_server
    check_reachable(address)
    assert len(seen) == 1
    assert not {"Authorization", "x-goog-api-key"} & seen[0].keys()
    assert "key" not in seen[0]["path"]


def test_a_closed_port_means_that_it_can_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="refused"):
            check_reachable(f"http://127.0.0.1:{port}")


def test_the_model_is_googles_unless_another_is_set() -> None:
    assert gemini_address(Settings()) == "https://generativelanguage.googleapis.com"
    assert gemini_address(Settings(gemini_base_url="http://x:1")) == "http://x:1"


def test_the_checks_cover_what_the_main_job_needs(aws: None) -> None:
    assert set(required_checks()) == {
        "database",
        "object_storage",
        "generation_queue",
        "grading_queue",
        "generation_state_machine",
        "evaluation_state_machine",
        "gemini",
    }
    assert set(optional_checks()) == {"cache", "chat_queue", "transcription_queue"}
