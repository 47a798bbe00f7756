"""Renders every error as RFC 9457 problem+json: the one place that maps errors to answers."""

import json
import re
import uuid
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.errors import (
    Conflict,
    FieldError,
    InvalidRequest,
    NotFound,
    RequestError,
    ServiceUnavailable,
    TooManyRequests,
)
from shared.observability import get_logger
from shared.redaction import redact, redact_keys

PROBLEM = "application/problem+json"
_HTTP_CODES = {
    400: "malformed_json",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
}
_ERRORS_SHOWN = 20
_FIELD_CHARACTERS = 100
_PRESENTABLE_ID = re.compile(r"[\w.:=-]{1,100}", re.ASCII)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_UNSTORABLE_TEXT = {"22P02", "22P05", "22021"}
_OUT_OF_RANGE = {"22001", "22003", "22008"}
_OVERTAKEN = {"23503", "23505"}


def problem(
    request: Request,
    status: int,
    title: str,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """One problem document. `detail` must be fit for the caller's eyes; keys are taken out."""
    body: dict[str, Any] = {
        "type": f"urn:learning-app:problem:{code}",
        "title": title,
        "status": status,
        "detail": redact_keys(detail),
        "instance": redact_keys(request.url.path),
        "code": code,
        "request_id": request_id(request),
    }
    if errors:
        body["errors"] = [
            {"field": error.field, "message": redact_keys(error.message)} for error in errors
        ]
    # A field's name may hold half a surrogate pair, which is no UTF-8.
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status_code=status, media_type=PROBLEM, headers=headers)


def identify(request: Request) -> str:
    """API Gateway's id of this request, or the client's, or a new one."""
    context = request.scope.get("aws.event", {}).get("requestContext", {})
    given = str(context.get("requestId") or request.headers.get("x-request-id", ""))
    return given if _PRESENTABLE_ID.fullmatch(given) else uuid.uuid4().hex


def request_id(request: Request) -> str:
    """The id under which this request is logged."""
    return str(getattr(request.state, "request_id", ""))


def install(app: FastAPI) -> None:
    """Let `app` answer every error with a problem document."""
    app.add_exception_handler(RequestError, _request_error)
    app.add_exception_handler(ServiceUnavailable, _service_unavailable)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    for lost in (OperationalError, PoolTimeoutError, RedisError):
        app.add_exception_handler(lost, _dependency_lost)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(UnicodeEncodeError, _unstorable_text)


def render(request: Request, error: RequestError) -> Response:
    """The answer to `error`, for a route that must not raise because its work is to be kept."""
    headers: dict[str, str] = {}
    errors: Sequence[FieldError] = ()
    if isinstance(error, TooManyRequests):
        headers = {
            "Retry-After": str(error.retry_after),
            "RateLimit-Policy": f'"{error.policy}";q={error.limit};w={error.window}',
            "RateLimit": f'"{error.policy}";r=0;t={error.retry_after}',
        }
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, InvalidRequest):
        errors = error.errors
    return problem(
        request,
        error.status,
        error.title,
        error.code,
        error.message,
        errors=errors,
        headers=headers or None,
    )


def unsupported_media_type(request: Request) -> Response:
    """The answer to a body that isn't sent as JSON."""
    return problem(
        request,
        415,
        "Unsupported media type",
        "unsupported_media_type",
        "Send the body as JSON, with `Content-Type: application/json`.",
        headers={"Accept": "application/json"},
    )


def _request_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101
    return render(request, error)


def _service_unavailable(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceUnavailable)  # noqa: S101
    return problem(
        request, 503, error.title, error.code, error.message, headers={"Retry-After": "5"}
    )


def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return _malformed_json(request)
    errors = [FieldError(_field(item["loc"]), _message(item)) for item in found[:_ERRORS_SHOWN]]
    detail = "; ".join(f"{item.field}: {item.message}" for item in errors[:5])
    return problem(request, 422, InvalidRequest.title, InvalidRequest.code, detail, errors=errors)


def _malformed_json(request: Request) -> Response:
    return problem(
        request, 400, "Bad request", "malformed_json", "The request's body is not valid JSON."
    )


def _field(location: Sequence[int | str]) -> str:
    parts = [str(part) for part in location[1:]] or ["body"]
    return redact(".".join(parts))[:_FIELD_CHARACTERS]


def _message(item: dict[str, Any]) -> str:
    return str(item["msg"]).removeprefix("Value error, ")


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = error.status_code
    if status == 400:
        return _malformed_json(request)
    title, detail = str(error.detail), str(error.detail)
    if status == 404:
        title, detail = NotFound.title, f"There is no {request.url.path} here: see /docs."
    if status == 405:
        detail = f"{request.url.path} doesn't know {request.method}: see /docs."
    headers = dict(error.headers) if error.headers else None
    code = _HTTP_CODES.get(status, "http_error")
    return problem(request, status, title, code, detail, headers=headers)


def _dependency_lost(request: Request, error: Exception) -> Response:
    get_logger().error("dependency lost", extra={"error": type(error).__name__})
    return problem(
        request,
        503,
        ServiceUnavailable.title,
        ServiceUnavailable.code,
        "The service can't reach its data at the moment. Please try again.",
        headers={"Retry-After": "5"},
    )


def _database_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)  # noqa: S101
    state = getattr(error.orig, "sqlstate", None)
    if state in _UNSTORABLE_TEXT or (state is None and "NUL" in str(error.orig)):
        return _unstorable_text(request, error)
    if state in _OUT_OF_RANGE:
        get_logger().warning("value out of range", extra={"sqlstate": state})
        return render(request, InvalidRequest("A value is too long or too large to be stored."))
    if state in _OVERTAKEN:
        get_logger().warning("overtaken by another request", extra={"sqlstate": state})
        return render(
            request, Conflict("Another request changed this meanwhile.", code="changed_meanwhile")
        )
    if error.connection_invalidated:
        return _dependency_lost(request, error)
    return unexpected(request, error)


def _unstorable_text(request: Request, error: Exception) -> Response:
    get_logger().warning("unstorable text", extra={"error": type(error).__name__})
    return render(
        request,
        InvalidRequest(
            "The request holds text that can't be stored: U+0000, or half a surrogate pair."
        ),
    )


def unexpected(request: Request, error: Exception) -> Response:
    """The answer to an error that nothing else knows: logged in full, told in brief."""
    # By name, since importing botocore costs more than most requests.
    if type(error).__module__.startswith("botocore."):
        return _dependency_lost(request, error)
    get_logger().exception("unexpected error", exc_info=error)
    return problem(
        request,
        500,
        "Internal error",
        "internal_error",
        "Something went wrong on our side. The request id helps us to find it.",
    )
