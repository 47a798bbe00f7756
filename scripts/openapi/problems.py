"""Says of each operation which errors it may answer with."""

from dataclasses import dataclass, field
from typing import Any

from shared.web.problems import PROBLEM

_PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "An error, as RFC 9457 has it. Programs look at `code`.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "request_id": {"type": "string", "description": "Tell it when you ask for help."},
        "errors": {
            "type": "array",
            "description": "With 422: each field that is wrong.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

_SECONDS = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
_TEXT = {"schema": {"type": "string"}}


@dataclass(frozen=True)
class _Example:
    """An error that an operation may answer with."""

    status: int
    title: str
    code: str
    detail: str
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)


_WRONG_COUNT = {"field": "count", "message": "Input should be greater than or equal to 1"}
_RESPONSES = {
    "BadRequest": _Example(400, "Bad request", "malformed_json", "The body is not valid JSON."),
    "Unauthenticated": _Example(
        401,
        "Not signed in",
        "token_expired",
        "The access token has expired.",
        headers={"WWW-Authenticate": _TEXT},
    ),
    "Forbidden": _Example(403, "Not allowed", "forbidden", "Only administrators may do this."),
    "NotFound": _Example(404, "Not found", "document_not_found", "There is no such document."),
    "Conflict": _Example(
        409, "Conflict", "email_taken", "This email address is registered already."
    ),
    "InvalidRequest": _Example(
        422,
        "Invalid request",
        "invalid_request",
        "count: Input should be greater than or equal to 1",
        members={"errors": [_WRONG_COUNT]},
    ),
    "TooManyRequests": _Example(
        429,
        "Too many requests",
        "too_many_requests",
        "At most 60 such requests in 60 seconds.",
        headers={"Retry-After": _SECONDS, "RateLimit": _TEXT, "RateLimit-Policy": _TEXT},
    ),
    "Problem": _Example(
        503,
        "Service unavailable",
        "service_unavailable",
        "The service can't reach its data at the moment. Please try again.",
    ),
}


def add_problems(document: dict[str, Any]) -> None:
    """Replace FastAPI's own error shapes by ours, and name the errors that can be foreseen."""
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM_SCHEMA
    document["components"]["responses"] = {
        name: _response(example) for name, example in _RESPONSES.items()
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _add_to(path, method, operation)


def _add_to(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    body, secured = "requestBody" in operation, bool(operation.get("security"))
    foreseen = {
        "400": ("BadRequest", body),
        "401": ("Unauthenticated", secured),
        "403": ("Forbidden", secured and path.startswith("/api/admin/")),
        "404": ("NotFound", "{" in path),
        "409": ("Conflict", path.endswith("/register")),
        "422": ("InvalidRequest", body or bool(operation.get("parameters"))),
        "429": ("TooManyRequests", method == "post"),
        "default": ("Problem", True),
    }
    for status, (name, applies) in foreseen.items():
        if applies and status not in responses:
            responses[status] = {"$ref": f"#/components/responses/{name}"}


def _response(error: _Example) -> dict[str, Any]:
    example = {
        "type": f"urn:learning-app:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": "/api/…",
        "code": error.code,
        "request_id": "Jb2kXhq2oAMEPpQ=",
        **error.members,
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    response: dict[str, Any] = {
        "description": error.title,
        "content": {PROBLEM: {"schema": schema, "example": example}},
    }
    if error.headers:
        response["headers"] = error.headers
    return response
