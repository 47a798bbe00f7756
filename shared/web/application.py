"""Makes a service's FastAPI application, and the Lambda handler around it."""

import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from mangum import Mangum

from shared.errors import PayloadTooLarge
from shared.observability import get_logger
from shared.web import problems

LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]


MAXIMUM_BODY_BYTES = 2 * 1024 * 1024
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;|$)", re.IGNORECASE)
_TEXT = ["text/", "application/json", problems.PROBLEM, "application/xml"]  # others as Base64
_WITH_BODY = {"POST", "PUT", "PATCH"}


def create_application(service: str, *routers: APIRouter) -> FastAPI:
    """The application of one service: its routes, errors as problems, one log line a request."""
    app = FastAPI(
        title=f"Learning App: {service}",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    for router in routers:
        app.include_router(router)
    problems.install(app)
    app.middleware("http")(_answer)
    return app


async def _answer(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    started = time.perf_counter()
    request.state.request_id = problems.identify(request)
    try:
        response = await _refusal(request) or await call_next(request)
    except Exception as error:
        response = problems.unexpected(request, error)
    response.headers["X-Request-Id"] = request.state.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    _log(request, response, started)
    return response


async def _refusal(request: Request) -> Response | None:
    """The answer to a body that no route reads: too large, or not JSON."""
    body = await request.body()
    if len(body) > MAXIMUM_BODY_BYTES:
        too_large = PayloadTooLarge(f"A request's body has at most {MAXIMUM_BODY_BYTES} bytes.")
        return problems.render(request, too_large)
    content_type = request.headers.get("content-type", "")
    if body and request.method in _WITH_BODY and not _JSON.match(content_type):
        return problems.unsupported_media_type(request)
    return None


def _log(request: Request, response: Response, started: float) -> None:
    route = request.scope.get("route")
    get_logger().info(
        "request",
        extra={
            "method": request.method,
            "route": getattr(route, "path", "unmatched"),
            "status": response.status_code,
            "duration_ms": round((time.perf_counter() - started) * 1000, 1),
            "request_id": request.state.request_id,
        },
    )


def lambda_handler(app: FastAPI) -> LambdaHandler:
    """The Lambda entry of `app` for API Gateway's HTTP API."""

    @lru_cache
    def adapter() -> Mangum:
        # Mangum opens an event loop when it is made: not at import, so that tests can import it.
        return Mangum(app, lifespan="off", text_mime_types=_TEXT)

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        get_logger().remove_keys(["user_id"])
        return adapter()(event, context)

    return handle
