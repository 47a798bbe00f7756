"""What a call cost and how it ended: measured, and told to pool, ledger and metrics."""

import asyncio
import time
import uuid
from typing import Protocol

from shared.ai.admission import Launch
from shared.ai.client import CallFailed
from shared.ai.error_table import CANCELLED, Failure
from shared.ai.interface import Lane, Purpose, Usage
from shared.ai.ledger import Books, CallLedger, FinishedCall
from shared.ai.metrics import CallMetrics
from shared.ai.pool import KeyPool, Lease, Outcome
from shared.ai.prices import cost_micro_usd
from shared.ai.prompt import Prompt
from shared.observability import get_logger


class Ordered(Protocol):
    """What was asked, and on whose behalf: shared.ai.dispatch.Order."""

    @property
    def prompt(self) -> Prompt: ...

    @property
    def lane(self) -> Lane: ...

    @property
    def purpose(self) -> Purpose: ...

    @property
    def user_id(self) -> uuid.UUID | None: ...

    @property
    def job_id(self) -> uuid.UUID | None: ...


class Bookkeeper:
    """Tells of each call once that it has ended."""

    def __init__(
        self, pool: KeyPool, ledger: CallLedger | None, metrics: CallMetrics | None
    ) -> None:
        self._pool = pool
        self._metrics = metrics
        self._books = Books(ledger) if ledger else None

    async def close(self, order: Ordered, lease: Lease, outcome: Outcome) -> None:
        """Tells pool, ledger and metrics. What goes wrong here never harms the reply."""
        failure = outcome.failure
        finished = FinishedCall(
            job_id=order.job_id,
            user_id=order.user_id,
            lane=order.lane.value,
            purpose=order.purpose,
            model=lease.model,
            key_alias=lease.alias,
            project=lease.project,
            usage=outcome.usage,
            cost_micro_usd=outcome.cost_micro_usd,
            latency_seconds=outcome.latency_seconds,
            error_code=failure.kind if failure else None,
        )
        closing = (self._pool.settle(lease, outcome), self._book(finished))
        for ended in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(ended, Exception):
                get_logger().error("a finished model call could not be booked", exc_info=ended)

    async def _book(self, finished: FinishedCall) -> None:
        if self._metrics is not None:
            self._metrics.record(finished)
        if self._books is not None:
            await self._books.book(finished)


class Accounting:
    """Measures one call and closes its books, however it ends.

    `usage` is what it has cost as far as is known.
    """

    def __init__(
        self, bookkeeper: Bookkeeper, order: Ordered, lease: Lease, launch: Launch
    ) -> None:
        self._bookkeeper, self._order = bookkeeper, order
        self._lease, self._launch = lease, launch
        self._began = time.monotonic()
        self.usage = Usage()
        self.latency_seconds = 0.0

    def has_cost(self, usage: Usage) -> None:
        """Called while a stream runs, with all that it has cost."""
        self.usage = usage

    async def __aenter__(self) -> "Accounting":
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._launch.leave()
        self.latency_seconds = time.monotonic() - self._began
        failure: Failure | None = None
        if isinstance(error, CallFailed):
            error.alias = self._lease.alias
            failure, self.usage = error.failure, error.usage or self.usage
        elif error is not None:
            failure = CANCELLED
        usage = self._booked_usage(failure)
        outcome = Outcome(
            usage=usage,
            cost_micro_usd=cost_micro_usd(self._lease.model, usage),
            latency_seconds=self.latency_seconds,
            failure=failure,
            lag_seconds=self._launch.lag_seconds,
        )
        # Shielded: a cancelled caller still gives its lease back.
        await asyncio.shield(self._bookkeeper.close(self._order, self._lease, outcome))

    def _booked_usage(self, failure: Failure | None) -> Usage:
        """What was sent and never answered may have been worked on: a budget must not leak."""
        unanswered = failure is not None and not failure.answered and not self.usage
        if unanswered and self._launch.lag_seconds is not None:
            return Usage(prompt_tokens=self._order.prompt.estimated_tokens)
        return self.usage
