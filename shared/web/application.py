"""Makes a service's FastAPI application, and the Lambda handler around it."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from mangum import Mangum

from shared.observability import get_logger
from shared.web import problems

LambdaHandler = Callable[[dict[str, Any], Any], dict[str, Any]]


def create_application(service: str, *routers: APIRouter) -> FastAPI:
    """The application of one service: its routes, errors as problems, one log line a request."""
    app = FastAPI(title=f"Learning App: {service}", docs_url=None, redoc_url=None, openapi_url=None)
    for router in routers:
        app.include_router(router)
    problems.install(app)
    app.middleware("http")(_log_request)
    return app


async def _log_request(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    started = time.perf_counter()
    try:
        response = await call_next(request)
    except Exception as error:
        response = problems.unexpected(request, error)
    route = request.scope.get("route")
    request_id = problems.request_id(request)
    if request_id:
        response.headers["X-Request-Id"] = request_id
    get_logger().info(
        "request",
        extra={
            "method": request.method,
            "route": getattr(route, "path", "unmatched"),
            "status": response.status_code,
            "duration_ms": round((time.perf_counter() - started) * 1000, 1),
            "request_id": request_id,
        },
    )
    return response


def lambda_handler(app: FastAPI) -> LambdaHandler:
    """The Lambda entry of `app` for API Gateway's HTTP API."""
    adapter = Mangum(app, lifespan="off")

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        get_logger().remove_keys(["user_id"])
        return adapter(event, context)

    return handle
