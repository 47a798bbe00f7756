"""The book of model calls: what each one cost, for whom, and how it ended."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from shared.ai.interface import Usage
from shared.database.engine import Database
from shared.database.tables.ai import ModelCall


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

    def record(self, call: FinishedCall) -> None:
        """Books one call."""
        ...

    def spent_today(self, user_id: uuid.UUID) -> int:
        """What this user's calls cost since midnight UTC, in micro-USD."""
        ...


class DatabaseLedger:
    """One row of model_calls a call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, call: FinishedCall) -> None:
        row = {
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
        with self._database.transaction() as session:
            session.execute(insert(ModelCall).values(row))

    def spent_today(self, user_id: uuid.UUID) -> int:
        with self._database.transaction() as session:
            return spent_today(session, user_id)


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
