"""The custom resource that migrates the database tells CloudFormation how it went."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import pytest

from functions.operations import migrate
from shared.config import get_settings

CONTEXT = SimpleNamespace(log_stream_name="2026/11/23/[1]abc")


class CloudFormation:
    """Takes answers at `url`; the first `refusals` are refused, the first `losses` not answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.refusals = 0
        self.losses = 0
        self.answers: list[dict[str, Any]] = []
        self.content_types: list[str | None] = []

    def event(self, request: str, **values: Any) -> dict[str, Any]:
        return {
            "RequestType": request,
            "ResponseURL": self.url,
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "DatabaseMigration",
            **values,
        }


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if there.losses:
                there.losses -= 1
                self.close_connection = True
                return
            if there.refusals:
                there.refusals -= 1
                self.send_response(503)
            else:
                there.answers.append(json.loads(body))
                there.content_types.append(self.headers["Content-Type"])
                self.send_response(200)
            self.end_headers()

        def log_message(self, *values: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        there = CloudFormation(f"http://127.0.0.1:{server.server_port}/answer?signature=x")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield there
        server.shutdown()
        thread.join()


class Migration:
    def __init__(self, error: Exception | None = None) -> None:
        self.runs = 0
        self._error = error

    def __call__(self) -> None:
        self.runs += 1
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_deployment_migrates_and_tells_success(
    cloudformation: CloudFormation, request_type: str
) -> None:
    migration = Migration()
    migrate.answer_to(cloudformation.event(request_type), CONTEXT, migration)
    assert migration.runs == 1
    assert cloudformation.answers == [
        {
            "Status": "SUCCESS",
            "Reason": f"{request_type}: done",
            "PhysicalResourceId": "database-schema",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "DatabaseMigration",
        }
    ]
    assert cloudformation.content_types == [""]


def test_a_removal_leaves_the_database_alone(cloudformation: CloudFormation) -> None:
    migration = Migration()
    event = cloudformation.event("Delete", PhysicalResourceId="earlier")
    migrate.answer_to(event, CONTEXT, migration)
    assert migration.runs == 0
    assert cloudformation.answers[0]["Status"] == "SUCCESS"
    assert cloudformation.answers[0]["PhysicalResourceId"] == "earlier"


def test_a_failure_is_told_without_what_the_error_says(cloudformation: CloudFormation) -> None:
    error = ConnectionError("postgresql://app:hunter2@database.internal:5432/app is away")
    migrate.answer_to(cloudformation.event("Update"), CONTEXT, Migration(error))
    answer = cloudformation.answers[0]
    assert answer["Status"] == "FAILED"
    assert "ConnectionError" in answer["Reason"]
    assert CONTEXT.log_stream_name in answer["Reason"]
    assert "hunter2" not in answer["Reason"]
    assert "database.internal" not in answer["Reason"]


def test_settings_that_are_missing_are_told_too(
    cloudformation: CloudFormation, forget_database: Callable[[], None]
) -> None:
    forget_database()
    migrate.handler(cloudformation.event("Create"), CONTEXT)
    assert cloudformation.answers[0]["Status"] == "FAILED"
    assert "ConfigurationError" in cloudformation.answers[0]["Reason"]


def test_an_answer_that_is_not_taken_is_sent_again(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate.time, "sleep", lambda _: None)
    cloudformation.refusals = 2
    migration = Migration()
    migrate.answer_to(cloudformation.event("Create"), CONTEXT, migration)
    assert migration.runs == 1
    assert len(cloudformation.answers) == 1


def test_an_answer_whose_connection_breaks_is_sent_again(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate.time, "sleep", lambda _: None)
    cloudformation.losses = 2
    migrate.answer_to(cloudformation.event("Create"), CONTEXT, Migration())
    assert len(cloudformation.answers) == 1


def test_an_answer_that_is_never_taken_is_an_error(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate.time, "sleep", lambda _: None)
    cloudformation.refusals = 99
    with pytest.raises(URLError):
        migrate.answer_to(cloudformation.event("Create"), CONTEXT, Migration())


def test_an_address_of_another_kind_is_refused(cloudformation: CloudFormation) -> None:
    event = cloudformation.event("Delete", ResponseURL="file:///etc/passwd")
    with pytest.raises(ValueError, match="no web address"):
        migrate.answer_to(event, CONTEXT, Migration())


@pytest.fixture
def forget_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    def forget() -> None:
        for name in ("DATABASE_URL", "DATABASE_SECRET_ARN"):
            monkeypatch.delenv(name, raising=False)
        get_settings.cache_clear()

    yield forget
    get_settings.cache_clear()
