"""Renders every error as RFC 9457 problem+json: the one place that maps errors to answers."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from shared.errors import (
    FieldError,
    InvalidRequest,
    NotFound,
    RequestError,
    ServiceUnavailable,
    TooManyRequests,
)
from shared.observability import get_logger

PROBLEM = "application/problem+json"
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}


def problem(
    request: Request,
    status: int,
    title: str,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """One problem document. `detail` must be fit for the caller's eyes."""
    body: dict[str, Any] = {
        "type": f"urn:learning-app:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "code": code,
        "request_id": request_id(request),
    }
    if errors:
        body["errors"] = [{"field": error.field, "message": error.message} for error in errors]
    return JSONResponse(body, status_code=status, media_type=PROBLEM, headers=headers)


def request_id(request: Request) -> str:
    """API Gateway's id of this request, or the client's, or none."""
    context = request.scope.get("aws.event", {}).get("requestContext", {})
    return str(context.get("requestId") or request.headers.get("x-request-id", ""))


def install(app: FastAPI) -> None:
    """Let `app` answer every error with a problem document."""
    app.add_exception_handler(RequestError, _request_error)
    app.add_exception_handler(ServiceUnavailable, _service_unavailable)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    for lost in (OperationalError, PoolTimeoutError, RedisError):
        app.add_exception_handler(lost, _dependency_lost)
    app.add_exception_handler(DBAPIError, _database_error)


def _request_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestError)  # noqa: S101
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


def _service_unavailable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceUnavailable)  # noqa: S101
    return problem(
        request, 503, error.title, error.code, error.message, headers={"Retry-After": "5"}
    )


def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    errors = [FieldError(_field(item["loc"]), _message(item)) for item in error.errors()]
    detail = "; ".join(f"{item.field}: {item.message}" for item in errors[:5])
    return problem(request, 422, InvalidRequest.title, InvalidRequest.code, detail, errors=errors)


def _field(location: Sequence[int | str]) -> str:
    parts = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(parts) or "body"


def _message(item: dict[str, Any]) -> str:
    return str(item["msg"]).removeprefix("Value error, ")


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _HTTP_CODES.get(error.status_code, "http_error")
    title = NotFound.title if error.status_code == 404 else str(error.detail)
    headers = dict(error.headers) if error.headers else None
    return problem(request, error.status_code, title, code, str(error.detail), headers=headers)


def _dependency_lost(request: Request, error: Exception) -> JSONResponse:
    get_logger().error("dependency lost", extra={"error": type(error).__name__})
    return problem(
        request,
        503,
        ServiceUnavailable.title,
        ServiceUnavailable.code,
        "The service can't reach its data at the moment. Please try again.",
        headers={"Retry-After": "5"},
    )


def _database_error(request: Request, error: Exception) -> JSONResponse:
    if "\\u0000" in str(error) or "NUL" in str(error):
        return problem(
            request,
            422,
            InvalidRequest.title,
            InvalidRequest.code,
            "The request holds a character (U+0000) that can't be stored.",
        )
    return unexpected(request, error)


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """The answer to an error that nothing else knows: logged in full, told in brief."""
    get_logger().exception("unexpected error", exc_info=error)
    return problem(
        request,
        500,
        "Internal error",
        "internal_error",
        "Something went wrong on our side. The request id helps us to find it.",
    )
