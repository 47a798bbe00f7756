"""Health of a service: each dependency's state and how long it took to answer."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import text

from shared.cache.client import get_cache
from shared.database.engine import get_database
from shared.observability import get_logger

State = Literal["ok", "degraded", "down"]
Check = Callable[[], None]
PATIENCE_SECONDS = 8.0


class DependencyHealth(BaseModel):
    """One dependency. `required` says whether the service can work without it."""

    name: Annotated[str, Field(examples=["database"])]
    state: State
    required: bool
    latency_ms: Annotated[float, Field(examples=[1.7])]


class Health(BaseModel):
    """A service's own state: `down` if something required is, `degraded` if anything else is."""

    status: State
    service: Annotated[str, Field(examples=["learning-app"])]
    dependencies: list[DependencyHealth]


def check_database() -> None:
    """Raise if PostgreSQL doesn't answer."""
    with get_database().transaction() as session:
        session.execute(text("SELECT 1"))


def check_cache() -> None:
    """Raise if Valkey doesn't answer."""
    get_cache().ping()


def examine(
    service: str,
    required: Mapping[str, Check],
    optional: Mapping[str, Check],
    patience: float = PATIENCE_SECONDS,
) -> Health:
    """Run all checks at once and sum them up; one that takes longer than `patience` is down."""
    checks = [(name, check, True) for name, check in required.items()]
    checks += [(name, check, False) for name, check in optional.items()]
    pool = ThreadPoolExecutor(max_workers=max(len(checks), 1))
    ends = time.monotonic() + patience
    running = [(one, pool.submit(_examine_one, *one)) for one in checks]
    found = [_result_of(one, future, ends, patience) for one, future in running]
    pool.shutdown(wait=False, cancel_futures=True)
    status: State = "ok"
    if any(one.state == "down" for one in found):
        status = (
            "down" if any(one.state == "down" and one.required for one in found) else "degraded"
        )
    return Health(status=status, service=service, dependencies=found)


def _result_of(
    checked: tuple[str, Check, bool],
    future: "Future[DependencyHealth]",
    ends: float,
    patience: float,
) -> DependencyHealth:
    try:
        return future.result(timeout=max(ends - time.monotonic(), 0))
    except TimeoutError:
        name, _, required = checked
        get_logger().warning("unhealthy", extra={"dependency": name, "error": "no answer"})
        return DependencyHealth(
            name=name, state="down", required=required, latency_ms=patience * 1000
        )


def _examine_one(name: str, check: Check, required: bool) -> DependencyHealth:
    started = time.perf_counter()
    state: State = "ok"
    try:
        check()
    except Exception as error:
        get_logger().warning("unhealthy", extra={"dependency": name, "error": type(error).__name__})
        state = "down"
    return DependencyHealth(
        name=name,
        state=state,
        required=required,
        latency_ms=round((time.perf_counter() - started) * 1000, 2),
    )


def answer(health: Health) -> JSONResponse:
    """200, or 503 where the service can't do its main job."""
    return JSONResponse(health.model_dump(), status_code=503 if health.status == "down" else 200)


def health_router(service: str, required: Mapping[str, Check] | None = None) -> APIRouter:
    """`GET /api/{service}/health`: the database, the cache and what else the service needs."""
    router = APIRouter()
    needed = {"database": check_database, **(required or {})}

    @router.get(f"/api/{service}/health", response_model=Health, tags=["health"])
    def health() -> JSONResponse:
        """The health of this service."""
        return answer(examine(service, needed, {"cache": check_cache}))

    return router
