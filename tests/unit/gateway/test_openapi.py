"""The OpenAPI document as a whole."""

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.realtime.frames import parse_frame
from scripts.openapi.document import build_document, operations, routes

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = build_document()
OPERATIONS = list(operations(DOCUMENT))
NAMES = [f"{method.upper()} {path}" for path, method, _ in OPERATIONS]

# The public contract; what later issues add is not listed.
CONTRACT = (
    "GET /health",
    "GET /openapi.json",
    "GET /docs",
    "GET /api/auth/health",
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/refresh",
    "POST /api/auth/logout",
    "GET /api/auth/sessions",
    "DELETE /api/auth/sessions/{}",
    "GET /api/auth/me",
    "DELETE /api/auth/me",
    "GET /api/auth/me/export",
    "GET /api/documents/health",
    "POST /api/documents",
    "GET /api/documents",
    "GET /api/documents/{}",
    "DELETE /api/documents/{}",
    "GET /api/documents/{}/pages/{}",
    "GET /api/questions/health",
    "POST /api/questions/generate",
    "GET /api/questions/sets",
    "GET /api/questions/sets/{}",
    "GET /api/questions/stats",
    "GET /api/jobs/{}",
    "GET /api/jobs/{}/events",
    "DELETE /api/jobs/{}",
    "GET /api/evaluation/health",
    "POST /api/evaluation/submissions",
    "GET /api/evaluation/submissions/{}",
    "GET /api/evaluation/stats",
    "GET /api/chat/health",
    "POST /api/chat/sessions",
    "GET /api/chat/sessions",
    "GET /api/chat/sessions/{}",
    "GET /api/realtime/health",
    "POST /api/realtime/ticket",
    "GET /api/admin/performance",
)

PUBLIC = {
    "GET /health",
    "GET /openapi.json",
    "GET /docs",
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/refresh",
}


def anonymous(name: str) -> str:
    """`name` without the names of its path's parameters."""
    parts = name.split("/")
    return "/".join("{}" if part.startswith("{") else part for part in parts)


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in `value`."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for item in inner:
            yield from nodes(item)


def test_the_committed_document_is_what_the_code_says() -> None:
    written = json.loads((ROOT / "functions/gateway/openapi.json").read_text("utf-8"))
    assert written == json.loads(json.dumps(DOCUMENT)), "run scripts/build_openapi.py"


@pytest.mark.parametrize("call", CONTRACT)
def test_every_call_of_the_contract_is_described(call: str) -> None:
    assert call in {anonymous(name) for name in NAMES}


def test_every_reference_leads_somewhere() -> None:
    for node in nodes(DOCUMENT):
        if isinstance(node.get("$ref"), str):
            found = DOCUMENT
            for key in node["$ref"].removeprefix("#/").split("/"):
                found = found[key]


def test_every_schema_is_used() -> None:
    used = {node["$ref"] for node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)}
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert schemas <= used


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMES)
class TestEachOperation:
    def test_says_what_it_does(self, path: str, method: str, operation: dict[str, Any]) -> None:
        assert 3 < len(operation["summary"]) <= 160
        assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}

    def test_needs_a_token_or_is_public(
        self, path: str, method: str, operation: dict[str, Any]
    ) -> None:
        public = f"{method.upper()} {path}" in PUBLIC or path.endswith("/health")
        assert bool(operation.get("security")) is not public

    def test_has_examples_of_what_is_sent_and_answered(
        self, path: str, method: str, operation: dict[str, Any]
    ) -> None:
        bodies = [operation.get("requestBody", {"content": {}})]
        bodies += [one for one in operation["responses"].values() if "content" in one]
        for body in bodies:
            media = body["content"].get("application/json")
            if media and media.get("schema"):
                assert "example" in media or "examples" in media

    def test_names_the_errors_that_can_be_foreseen(
        self, path: str, method: str, operation: dict[str, Any]
    ) -> None:
        assert "default" in operation["responses"]
        if operation.get("security"):
            assert "401" in operation["responses"]


def test_the_example_of_each_request_is_accepted_by_its_route() -> None:
    for route in routes():
        if route.body_field is None:
            continue
        for method in route.methods:
            operation = DOCUMENT["paths"][route.path][method.lower()]
            example = operation["requestBody"]["content"]["application/json"]["example"]
            _, errors = route.body_field.validate(example, loc=("body",))
            assert not errors, f"{method} {route.path}: {errors}"


def test_creating_calls_take_an_idempotency_key() -> None:
    creating = ("/register", "/documents", "/generate", "/submissions", "/chat/sessions")
    for path, method, operation in OPERATIONS:
        if method == "post" and path.endswith(creating):
            headers = [parameter["name"] for parameter in operation["parameters"]]
            assert "Idempotency-Key" in headers, path


def test_servers_are_relative_to_the_document() -> None:
    assert [server["url"] for server in DOCUMENT["servers"]] == ["."]


@pytest.mark.parametrize("frame", DOCUMENT["x-websocket"]["client"], ids=lambda one: one["action"])
def test_the_example_of_each_client_frame_is_accepted(frame: dict[str, Any]) -> None:
    parsed = parse_frame(json.dumps(frame["example"]))
    assert parsed.action == frame["action"]


def test_no_docstring_of_a_route_is_missing() -> None:
    for route in routes():
        assert inspect.getdoc(route.endpoint), route.path
