"""Every error becomes a problem document."""

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from botocore.exceptions import EndpointConnectionError
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    ServiceUnavailable,
    TooManyRequests,
    Unauthenticated,
)
from shared.web.application import MAXIMUM_BODY_BYTES

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
PASSWORD = "hunter2-hunter2"


def failing(sqlstate: str, wrapper: Callable[..., Exception]) -> Exception:
    """What SQLAlchemy raises for an error of PostgreSQL."""
    return wrapper(f"INSERT '{PASSWORD}'", {}, psycopg.errors.lookup(sqlstate)("secret detail"))


def is_problem(answer: Response) -> bool:
    return answer.headers["content-type"] == "application/problem+json" and (
        answer.json().keys() >= MEMBERS
    )


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequest("no"), 422, "invalid_request"),
        (InvalidRequest("no", code="own_code"), 422, "own_code"),
        (Unauthenticated("no"), 401, "unauthenticated"),
        (Forbidden("no"), 403, "forbidden"),
        (NotFound("no", code="job_not_found"), 404, "job_not_found"),
        (Conflict("no"), 409, "conflict"),
        (PayloadTooLarge("no"), 413, "payload_too_large"),
        (TooManyRequests("no", retry_after=7, limit=5, window=60), 429, "too_many_requests"),
        (ServiceUnavailable("no"), 503, "service_unavailable"),
        (failing("08006", OperationalError), 503, "service_unavailable"),
        (failing("40P01", OperationalError), 503, "service_unavailable"),
        (failing("55P03", OperationalError), 503, "service_unavailable"),
        (PoolTimeoutError("busy"), 503, "service_unavailable"),
        (RedisConnectionError("gone"), 503, "service_unavailable"),
        (EndpointConnectionError(endpoint_url="http://s3"), 503, "service_unavailable"),
        (failing("22P05", DataError), 422, "invalid_request"),
        (failing("22P02", DataError), 422, "invalid_request"),
        (failing("22001", DataError), 422, "invalid_request"),
        (failing("22003", DataError), 422, "invalid_request"),
        (DataError("", {}, psycopg.DataError("can't hold NUL (0x00)")), 422, "invalid_request"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), 422, "invalid_request"),
        (failing("23503", IntegrityError), 409, "changed_meanwhile"),
        (failing("23505", IntegrityError), 409, "changed_meanwhile"),
        (failing("23502", IntegrityError), 500, "internal_error"),
        (failing("23514", IntegrityError), 500, "internal_error"),
        (failing("42P01", ProgrammingError), 500, "internal_error"),
        (ValueError(PASSWORD), 500, "internal_error"),
        (KeyError("x"), 500, "internal_error"),
    ],
    ids=lambda value: f"{type(value).__name__}" if isinstance(value, Exception) else str(value),
)
def test_each_error_has_its_status_and_code(
    client: TestClient, errors: Any, error: Exception, status: int, code: str
) -> None:
    errors.next = error
    answer = client.get("/error", headers={"X-Request-Id": "r-1"})
    assert is_problem(answer)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:learning-app:problem:{code}"
    assert (problem["instance"], problem["request_id"]) == ("/error", "r-1")
    assert answer.headers["x-request-id"] == "r-1"
    assert PASSWORD not in answer.text
    assert "secret detail" not in answer.text


def test_too_many_requests_say_when_to_come_back(client: TestClient, errors: Any) -> None:
    errors.next = TooManyRequests("no", retry_after=7, limit=5, window=60, policy="login")
    headers = client.get("/error").headers
    assert headers["retry-after"] == "7"
    assert headers["ratelimit"] == '"login";r=0;t=7'
    assert headers["ratelimit-policy"] == '"login";q=5;w=60'


def test_a_dependency_that_is_gone_says_to_try_again(client: TestClient, errors: Any) -> None:
    errors.next = RedisConnectionError("gone")
    assert client.get("/error").headers["retry-after"] == "5"


def test_who_is_not_signed_in_is_told_how(client: TestClient, errors: Any) -> None:
    errors.next = Unauthenticated("no")
    assert client.get("/error").headers["www-authenticate"] == "Bearer"


def test_fields_are_named(client: TestClient) -> None:
    body = {"count": 0, "parts": [{"a": 1}, {"b": "x"}], "more": 1}
    answer = client.post("/things?size=9", json=body)
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"name", "count", "parts.1.b", "more", "size"}


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (b"[]", 422, "invalid_request"),
        (b"7", 422, "invalid_request"),
        (b'"x"', 422, "invalid_request"),
        (b"\xff\xfe\x00", 400, "malformed_json"),
        (b'{"name": "\xff"}', 400, "malformed_json"),
        (b'{"name": "a\x00b"}', 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b'{"name": ' + b"9" * 5_000 + b"}", 400, "malformed_json"),
        (b'{"name": NaN}', 422, "invalid_request"),
        (b'{"name": "a", "count": 1e999}', 422, "invalid_request"),
        (b'{"name": "\\u0000"}', 422, "invalid_request"),
        (b'{"name": "\\ud800"}', 422, "invalid_request"),
        (b'{"name": "a", "\\ud800": 1}', 422, "invalid_request"),
        (b'{"name": "a", "\\u0000": 1}', 422, "invalid_request"),
        (b'{"name": "' + b"x" * 1_000_000 + b'"}', 422, "invalid_request"),
        (b'{"' + b"x" * 1_000_000 + b'": 1}', 422, "invalid_request"),
        (b'{"name": "' + b"x" * MAXIMUM_BODY_BYTES + b'"}', 413, "payload_too_large"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_is_wrong_is_never_our_fault(
    client: TestClient, content: bytes, status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/things", content=content, headers=headers)
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(answer.content) < 2_000


def test_a_hundred_thousand_wrong_fields_get_a_short_answer(client: TestClient) -> None:
    body = {f"field{number}": 1 for number in range(100_000)}
    answer = client.post("/things", json=body)
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"],
)
def test_a_body_that_is_not_sent_as_json_is_refused(client: TestClient, content_type: str) -> None:
    content = json.dumps({"name": "a"}).encode()
    answer = client.post("/things", content=content, headers={"Content-Type": content_type})
    assert is_problem(answer)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/a+json",
    ],
)
def test_json_goes_by_several_names(client: TestClient, content_type: str) -> None:
    content = json.dumps({"name": "a"}).encode()
    answer = client.post("/things", content=content, headers={"Content-Type": content_type})
    assert answer.status_code == 200


@given(content=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_at_all_makes_a_server_error(client: TestClient, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/things", content=content, headers=headers)
    assert 400 <= answer.status_code < 500
    assert is_problem(answer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(body=st.dictionaries(st.sampled_from(["name", "count", "parts", "x"]) | st.text(), JSON))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_json_at_all_makes_a_server_error(client: TestClient, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/things", content=json.dumps(body), headers=headers)
    assert answer.status_code == 200 or is_problem(answer)
    assert answer.status_code < 500


@pytest.mark.parametrize("given_id", ["", "x" * 101, "a b", "<script>", "é"])
def test_an_odd_request_id_is_replaced_by_our_own(client: TestClient, given_id: str) -> None:
    answer = client.get("/nowhere", headers={"X-Request-Id": given_id.encode()})
    ours = answer.json()["request_id"]
    assert len(ours) == 32
    assert answer.headers["x-request-id"] == ours


def test_answers_are_kept_in_no_cache(client: TestClient) -> None:
    headers = client.post("/things", json={"name": "a"}).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_slash_too_many_is_no_redirect(client: TestClient) -> None:
    answer = client.get("/error/", follow_redirects=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
