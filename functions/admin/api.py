"""The HTTP interface of administration."""

from typing import Any

from fastapi import APIRouter, Depends

from functions.admin.key_routes import router as key_router
from functions.admin.schemas import Performance
from functions.admin.store import PerformanceStore
from shared.web.application import create_application, lambda_handler
from shared.web.authentication import require_admin
from shared.web.health import health_router
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/admin", tags=["admin"], dependencies=[Depends(require_admin)])


@router.get("/performance", response_model=Performance)
def get_performance(transaction: InTransaction) -> dict[str, Any]:
    """How the system performs: durations, retries, caches, model calls, the database."""
    return PerformanceStore(transaction.session).metrics()


app = create_application("admin", health_router("admin"), router, key_router)
handler = lambda_handler(app)
