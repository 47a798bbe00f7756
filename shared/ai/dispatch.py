"""One prompt, answered by whichever key can: leases, failover and hedging."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pydantic import SecretStr

from shared.ai.accounting import Accounting, Bookkeeper
from shared.ai.admission import Admission, Launch, Refused, Waited
from shared.ai.attempts import Attempts
from shared.ai.client import Call, CallFailed, RawReply
from shared.ai.error_table import OUT_OF_TIME, TIMED_OUT
from shared.ai.errors import (
    LanguageModelError,
    ModelSaturated,
    ModelUnavailable,
    ReplyBlocked,
    ReplyInvalid,
    ReplyTruncated,
    RequestRefused,
)
from shared.ai.fallback import Silence, worth_waiting_for
from shared.ai.hedging import first_good, is_good
from shared.ai.interface import Lane, Purpose, Usage
from shared.ai.ledger import CallLedger
from shared.ai.metrics import CallMetrics
from shared.ai.pool import Ask, KeyPool, Lease
from shared.ai.prices import cost_micro_usd
from shared.ai.prompt import Prompt

# A call that can't at least take this long isn't begun.
SHORTEST_CALL_SECONDS = 1.0
# How long after its timeout a call's lease is given up for lost.
LEASE_MARGIN_SECONDS = 15.0
# A model that got less of the time that a call may take is not to blame for being late.
FAIR_SHARE_OF_TIMEOUT = 0.5
# How long a request rests that a key refused again and again without saying for how long.
REFUSED_REST_SECONDS = 5.0
_PROCESS = uuid.uuid4().hex


@dataclass(frozen=True)
class Order:
    """One prompt and on whose behalf it is sent. `ends_at` is on time.monotonic's clock.

    What was `waited` for quota is common to all tries, models and the repair of one request.
    """

    prompt: Prompt
    lane: Lane
    purpose: Purpose
    user_id: uuid.UUID | None
    job_id: uuid.UUID | None
    ends_at: float
    waited: Waited = field(default_factory=Waited)

    @property
    def seconds_left(self) -> float:
        return self.ends_at - time.monotonic()

    @property
    def holder(self) -> str:
        """Whose kept slots this order may use: its job's, its user's, or this process's."""
        return f"{self.lane}:{self.job_id or self.user_id or _PROCESS}"


@dataclass(frozen=True)
class Answered:
    """A reply and who gave it."""

    reply: RawReply
    lease: Lease
    latency_seconds: float
    attempts: int


class Caller(Protocol):
    """Makes one call: shared.ai.client.GeminiClient, or a test's own."""

    async def prepare(self) -> None: ...

    async def generate(self, call: Call) -> RawReply: ...

    def stream(self, call: Call) -> AsyncGenerator[str | RawReply]: ...


class Keys(Protocol):
    """Finds a key's value by its alias; `refresh` looks for changed keys."""

    def value_of(self, alias: str) -> SecretStr: ...

    def has_any(self) -> bool: ...

    async def refresh(self) -> bool: ...


@dataclass(frozen=True)
class Policy:
    """What an operator may choose about calls. Waits are by lane, in seconds."""

    model: str
    fallback_model: str | None = None
    timeout_seconds: float = 60.0
    waits: dict[Lane, float] = field(default_factory=dict)
    hedging: bool = True


@dataclass
class _Running:
    """One call under way and the lease it runs on."""

    lease: Lease
    task: "asyncio.Task[Answered]"


class Dispatcher:
    """Answers orders. All errors are those of shared.ai.errors."""

    def __init__(
        self,
        pool: KeyPool,
        caller: Caller,
        keys: Keys,
        policy: Policy,
        *,
        ledger: CallLedger | None = None,
        metrics: CallMetrics | None = None,
    ) -> None:
        self._pool = pool
        self._admission = Admission(pool)
        self._caller = caller
        self._keys = keys
        self._policy = policy
        self._bookkeeper = Bookkeeper(pool, ledger, metrics)

    async def answer(self, order: Order) -> Answered:
        """The whole reply, from the model or, where that can't, from the fallback model."""
        try:
            return await self._answer(order, self._policy.model)
        except (ModelSaturated, ModelUnavailable) as first:
            fallback = self._policy.fallback_model
            if fallback is None or order.seconds_left < SHORTEST_CALL_SECONDS:
                raise
            try:
                return await self._answer(order, fallback)
            except (ModelSaturated, ModelUnavailable) as second:
                raise worth_waiting_for(first, second, order.seconds_left) from None

    async def stream(self, order: Order) -> AsyncGenerator[str | Answered]:
        """Pieces, then the whole. Another key is tried only until the first piece has come.

        Closed early, it has cancelled and booked its call when `aclose` returns.
        """
        told: Silence | None = None
        for model in filter(None, (self._policy.model, self._policy.fallback_model)):
            try:
                async with aclosing(self._stream(order, model)) as items:
                    async for item in items:
                        yield item
            except _NothingSaid as silent:
                told = worth_waiting_for(told or silent.error, silent.error, order.seconds_left)
            else:
                return
        if told is not None:
            raise told

    async def _answer(self, order: Order, model: str) -> Answered:
        attempts = Attempts()
        for number in range(1, 1000):
            lease, launch = await self._admit(order, model, attempts)
            try:
                answered = await self._call_hedged(order, lease, launch, attempts)
            except CallFailed as failed:
                await self._after(order, failed, attempts)
            else:
                return Answered(answered.reply, answered.lease, answered.latency_seconds, number)
        raise AssertionError("a request is never tried a thousand times")

    async def _stream(self, order: Order, model: str) -> AsyncGenerator[str | Answered]:
        attempts = Attempts()
        for number in range(1, 1000):
            said = False
            try:
                lease, launch = await self._admit(order, model, attempts)
            except (ModelSaturated, ModelUnavailable) as error:
                raise _NothingSaid(error) from None
            try:
                call = self._call_streaming(order, lease, launch, number)
                async with aclosing(call) as items:
                    async for item in items:
                        said = True
                        yield item
            except CallFailed as failed:
                if said:
                    raise _broken_off(failed) from None
                try:
                    await self._after(order, failed, attempts)
                except (ModelSaturated, ModelUnavailable) as error:
                    raise _NothingSaid(error) from None
            else:
                return

    async def _admit(self, order: Order, model: str, attempts: Attempts) -> tuple[Lease, Launch]:
        # The slow parts of a first call come before the gate, or the pool would see them as lag.
        await self._caller.prepare()
        await self._keys.refresh()
        left = order.seconds_left - SHORTEST_CALL_SECONDS
        if left < 0:
            raise ModelUnavailable("no time is left before the deadline", retry_after=1.0)
        try:
            return await self._admission.admit(
                self._ask(order, model, attempts, left), order.waited
            )
        except Refused as refused:
            raise refused.as_error(has_keys=self._keys.has_any()) from None

    def _ask(
        self, order: Order, model: str, attempts: Attempts, left: float, *, hedge: bool = False
    ) -> Ask:
        tokens = order.prompt.estimated_tokens
        most = Usage(prompt_tokens=tokens, output_tokens=order.prompt.max_output_tokens)
        return Ask(
            model=model,
            lane=order.lane,
            user=str(order.user_id or ""),
            holder=order.holder,
            tokens=tokens,
            cost_micro_usd=cost_micro_usd(model, most),
            max_wait_seconds=min(left, self._wait_left(order)),
            hold_seconds=self._policy.timeout_seconds + LEASE_MARGIN_SECONDS,
            exclude=attempts.excluded,
            is_hedge=hedge,
        )

    def _wait_left(self, order: Order) -> float:
        return max(0.0, self._policy.waits.get(order.lane, 0.0) - order.waited.seconds)

    async def _after(self, order: Order, failed: CallFailed, attempts: Attempts) -> None:
        """Waits as long as the failure demands, or raises what the caller has to know."""
        pause = attempts.pause_after(failed.failure, failed.alias)
        if pause is None:
            raise _final(failed) from None
        if pause > order.seconds_left - SHORTEST_CALL_SECONDS:
            raise ModelUnavailable(str(failed), retry_after=pause) from None
        await asyncio.sleep(pause)

    async def _call_hedged(
        self, order: Order, lease: Lease, launch: Launch, attempts: Attempts
    ) -> Answered:
        """One call, and a second one if the first is a straggler; the first answer wins."""
        patience = lease.straggles_after_seconds
        if patience is None or not self._policy.hedging:
            return await self._call(order, lease, launch)
        first = self._start(order, lease, launch)
        running = [first]
        try:
            await asyncio.wait([first.task], timeout=patience)
            if not first.task.done() and (second := await self._hedge(order, first, attempts)):
                running.append(second)
            return await first_good([item.task for item in running], attempts)
        finally:
            for item in running:
                item.task.cancel()
            await asyncio.gather(*(item.task for item in running), return_exceptions=True)

    async def _hedge(self, order: Order, first: _Running, attempts: Attempts) -> _Running | None:
        lease = first.lease
        ask = self._ask(order, lease.model, attempts, 0.0, hedge=True)
        others = replace(ask, exclude=ask.exclude | {lease.alias})
        try:
            second, launch = await self._admission.admit(others, order.waited)
        except Refused:
            return None
        if is_good(first.task):
            launch.leave()
            await self._pool.release(second.id, second.model)
            return None
        return self._start(order, second, launch)

    def _start(self, order: Order, lease: Lease, launch: Launch) -> _Running:
        return _Running(lease, asyncio.ensure_future(self._call(order, lease, launch)))

    async def _call(self, order: Order, lease: Lease, launch: Launch) -> Answered:
        async with self._account(order, lease, launch) as account:
            reply = await self._caller.generate(self._call_for(order, lease, launch, account))
            account.usage = reply.usage
        return Answered(reply, lease, account.latency_seconds, 1)

    async def _call_streaming(
        self, order: Order, lease: Lease, launch: Launch, number: int
    ) -> AsyncGenerator[str | Answered]:
        reply: RawReply | None = None
        async with self._account(order, lease, launch) as account:
            call = self._call_for(order, lease, launch, account)
            async with aclosing(self._caller.stream(call)) as items:
                async for item in items:
                    if isinstance(item, RawReply):
                        reply, account.usage = item, item.usage
                    else:
                        yield item
        if reply is not None:
            yield Answered(reply, lease, account.latency_seconds, number)

    def _account(self, order: Order, lease: Lease, launch: Launch) -> Accounting:
        return Accounting(self._bookkeeper, order, lease, launch)

    def _call_for(self, order: Order, lease: Lease, launch: Launch, account: Accounting) -> Call:
        most = self._policy.timeout_seconds
        timeout = min(most, max(0.1, order.seconds_left))
        return Call(
            model=lease.model,
            key=self._keys.value_of(lease.alias),
            prompt=order.prompt,
            timeout_seconds=timeout,
            on_sending=launch.leave,
            on_sent=launch.sent,
            on_usage=account.has_cost,
            timed_out=TIMED_OUT if timeout >= FAIR_SHARE_OF_TIMEOUT * most else OUT_OF_TIME,
        )


class _NothingSaid(Exception):
    """A stream ended before its first piece."""

    def __init__(self, error: Silence) -> None:
        super().__init__(str(error))
        self.error = error


def _final(failed: CallFailed) -> LanguageModelError:
    """The error that a failure is to the caller, once no further try is of use."""
    if failed.failure.is_refusal:
        seconds = max(1.0, failed.failure.cool_seconds or REFUSED_REST_SECONDS)
        return ModelSaturated(datetime.now(UTC) + timedelta(seconds=seconds), failed.failure.kind)
    kinds: dict[str, Callable[[], LanguageModelError]] = {
        "truncated": lambda: ReplyTruncated(failed.text),
        "blocked": lambda: ReplyBlocked(failed.reason or "unknown"),
        "malformed": lambda: ReplyInvalid([f"unreadable answer: {failed}"]),
        "request_refused": lambda: RequestRefused(str(failed)),
    }
    make = kinds.get(failed.failure.kind)
    return make() if make else ModelUnavailable(str(failed), retry_after=5.0)


def _broken_off(failed: CallFailed) -> LanguageModelError:
    final = _final(failed)
    if isinstance(final, ReplyInvalid | ModelSaturated):
        return ModelUnavailable("the answer broke off", retry_after=1.0)
    return final
