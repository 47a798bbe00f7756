"""The book of model calls: what each one cost, for whom, and how it ended."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from shared.ai.interface import Usage
from shared.ai.loop_scoped import LoopScoped
from shared.database.engine import Database
from shared.database.tables.ai import ModelCall
from shared.together import Together


@dataclass(frozen=True, kw_only=True)
class FinishedCall:
    """One HTTP request to the model, whatever came of it. `outcome` is "ok" or a failure's kind."""

    job_id: uuid.UUID | None
    user_id: uuid.UUID | None
    lane: str
    purpose: str
    model: str
    key_alias: str
    project: str
    usage: Usage
    cost_micro_usd: int
    latency_seconds: float
    error_code: str | None

    @property
    def outcome(self) -> str:
        return "ok" if self.error_code is None else "failed"


class CallLedger(Protocol):
    """Where finished calls are booked. Both methods block."""

    def record(self, calls: Sequence[FinishedCall]) -> None:
        """Books all of these calls, or raises and books none."""
        ...

    def spent_today(self, user_id: uuid.UUID) -> int:
        """What this user's calls cost since midnight UTC, in micro-USD."""
        ...


class DatabaseLedger:
    """One row of model_calls a call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, calls: Sequence[FinishedCall]) -> None:
        with self._database.transaction() as session:
            session.execute(insert(ModelCall), [_row(call) for call in calls])

    def spent_today(self, user_id: uuid.UUID) -> int:
        with self._database.transaction() as session:
            return spent_today(session, user_id)


class Books:
    """Books calls as they end: those that end while others are booked share a transaction."""

    def __init__(self, ledger: CallLedger) -> None:
        self._ledger = ledger
        self._together = LoopScoped(lambda: Together(self._record))

    async def book(self, call: FinishedCall) -> None:
        """Returns when the call is in the ledger."""
        together = await self._together.get()
        await together.do(call)

    def _record(self, calls: Sequence[FinishedCall]) -> Sequence[None]:
        self._ledger.record(calls)
        return [None] * len(calls)


def _row(call: FinishedCall) -> dict[str, Any]:
    return {
        "job_id": call.job_id,
        "user_id": call.user_id,
        "lane": call.lane,
        "purpose": call.purpose,
        "model": call.model,
        "key_alias": call.key_alias[:60],
        "project": call.project[:80],
        "prompt_tokens": call.usage.prompt_tokens,
        "output_tokens": call.usage.output_tokens + call.usage.thought_tokens,
        "cost_micro_usd": call.cost_micro_usd,
        "latency_ms": round(call.latency_seconds * 1000),
        "outcome": call.outcome,
        "error_code": call.error_code,
    }


def spent_today(session: Session, user_id: uuid.UUID) -> int:
    """What this user's booked calls cost since midnight UTC, in micro-USD."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.coalesce(func.sum(ModelCall.cost_micro_usd), 0)).where(
        ModelCall.user_id == user_id, ModelCall.created_at >= today
    )
    return int(session.execute(query).scalar_one())


def next_budget_day(now: datetime) -> datetime:
    """When daily budgets start anew: midnight UTC."""
    return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
