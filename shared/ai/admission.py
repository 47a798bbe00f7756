"""Getting a lease: a decision, a wait for the kept slot if need be, and a gate to send through."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.ai.errors import (
    BudgetExceeded,
    LanguageModelError,
    ModelOutage,
    ModelSaturated,
    NoKeysConfigured,
    RequestRefused,
)
from shared.ai.interface import Lane
from shared.ai.ledger import next_budget_day
from shared.ai.loop_scoped import LoopScoped
from shared.ai.pool import Ask, Decision, KeyPool, Lease, Refusal

# Building and sending a call costs 10 to 25 ms of CPU. Decisions are stamped by the server's time,
# so with more than a few between decision and sending, a burst would arrive later than stamped.
LAUNCHES_AT_ONCE = 4
# Where no key works, an operator may add or mend one at any time: that holds within ten seconds.
NO_KEY_LOOK_SECONDS = 9.0


class Launch:
    """The passage from decision to sending; others wait until it is left."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._left = False
        self._entered_at = time.monotonic()
        self.lag_seconds: float | None = None

    def leave(self) -> None:
        """Called when sending begins, or nothing will be sent."""
        if not self._left:
            self._left = True
            self._leave()

    def sent(self) -> None:
        """Called when the last byte is on its way: what came before is the lag."""
        self.lag_seconds = time.monotonic() - self._entered_at


@dataclass
class Waited:
    """How many seconds one request has slept for quota."""

    seconds: float = 0.0


class Admission:
    """Asks the pool until there is a lease or a refusal."""

    def __init__(self, pool: KeyPool) -> None:
        self._pool = pool
        self._gate = LoopScoped(lambda: asyncio.Semaphore(LAUNCHES_AT_ONCE))

    async def admit(self, ask: Ask, waited: Waited) -> tuple[Lease, Launch]:
        """A lease to be used now. Raises Refused where the allowed wait is too short.

        What is slept for a slot is added to `waited`.
        """
        latest = time.monotonic() + ask.max_wait_seconds
        try:
            while True:
                left = max(0.0, latest - time.monotonic())
                decision, launch = await self._decide(replace(ask, max_wait_seconds=left))
                if isinstance(decision, Lease):
                    return decision, launch
                launch.leave()
                if isinstance(decision, Refusal):
                    await self._give_up(ask, decision)
                    raise Refused(decision)
                ask = replace(ask, claim=decision.claim)
                waited.seconds += decision.seconds
                await asyncio.sleep(decision.seconds)
        except asyncio.CancelledError:
            if ask.claim is not None:
                await asyncio.shield(self._pool.release(ask.claim, ask.model))
            raise

    async def _decide(self, ask: Ask) -> tuple[Decision, Launch]:
        launch = await self._enter()
        try:
            return await self._pool.acquire(ask), launch
        except BaseException:
            launch.leave()
            raise

    async def _give_up(self, ask: Ask, refusal: Refusal) -> None:
        """A worker comes back for its place; a chat is told that it is refused, and doesn't.

        A place that nobody comes for would hold up every lower lane until its time has come.
        """
        if ask.lane is Lane.CHAT and refusal.claim is not None:
            await asyncio.shield(self._pool.release(refusal.claim, ask.model))

    async def _enter(self) -> Launch:
        gate = await self._gate.get()
        await gate.acquire()
        return Launch(gate.release)


class Refused(Exception):
    """The pool gave no lease; `as_error` is what the caller is told."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.kind)
        self.refusal = refusal

    def as_error(self, *, has_keys: bool) -> LanguageModelError:
        refusal, now = self.refusal, datetime.now(UTC)
        if refusal.kind == "budget":
            return BudgetExceeded(next_budget_day(now))
        if refusal.kind == "too_large":
            return RequestRefused(
                "the request has more tokens than any quota allows a minute",
                code="request_too_large",
            )
        if refusal.kind == "saturated":
            return ModelSaturated(now + timedelta(seconds=refusal.seconds), refusal.reason)
        if not has_keys:
            return NoKeysConfigured()
        if refusal.kind == "no_keys":
            return ModelOutage(
                "no key works at the moment",
                retry_after=NO_KEY_LOOK_SECONDS,
                reason="no_working_key",
            )
        seconds = max(1.0, refusal.seconds)
        return ModelOutage("the model is failing", retry_after=seconds, reason="outage")
