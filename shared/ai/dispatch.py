"""One prompt, answered by whichever key can: leases, failover, hedging, and the books."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

from shared.ai.admission import Admission, Launch, Refused
from shared.ai.attempts import Attempts
from shared.ai.client import Call, CallFailed, RawReply
from shared.ai.error_table import CANCELLED, Failure
from shared.ai.errors import (
    LanguageModelError,
    ModelSaturated,
    ModelUnavailable,
    ReplyBlocked,
    ReplyInvalid,
    ReplyTruncated,
    RequestRefused,
)
from shared.ai.interface import Lane, Purpose, Usage
from shared.ai.ledger import Books, CallLedger, FinishedCall
from shared.ai.metrics import CallMetrics
from shared.ai.pool import Ask, KeyPool, Lease, Outcome
from shared.ai.prices import cost_micro_usd
from shared.ai.prompt import Prompt
from shared.observability import get_logger

# A call that can't at least take this long isn't begun.
SHORTEST_CALL_SECONDS = 1.0
# How long after its timeout a call's lease is given up for lost.
LEASE_MARGIN_SECONDS = 15.0
_PROCESS = uuid.uuid4().hex


@dataclass(frozen=True)
class Order:
    """One prompt and on whose behalf it is sent. `ends_at` is on time.monotonic's clock."""

    prompt: Prompt
    lane: Lane
    purpose: Purpose
    user_id: uuid.UUID | None
    job_id: uuid.UUID | None
    ends_at: float

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
        self._metrics = metrics
        self._books = Books(ledger) if ledger else None

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
            except (ModelSaturated, ModelUnavailable):
                raise first from None

    async def stream(self, order: Order) -> AsyncGenerator[str | Answered]:
        """Pieces, then the whole. Another key is tried only until the first piece has come."""
        models = [self._policy.model, self._policy.fallback_model]
        first: LanguageModelError | None = None
        for model in filter(None, models):
            try:
                async for item in self._stream(order, model):
                    yield item
            except _NothingSaid as silent:
                first = first or silent.error
            else:
                return
        if first is not None:
            raise first

    async def _answer(self, order: Order, model: str) -> Answered:
        attempts = Attempts()
        for number in range(1, 1000):
            lease, launch = await self._admit(order, model, attempts)
            try:
                answered = await self._call_hedged(order, lease, launch, attempts)
            except CallFailed as failed:
                await self._after(order, failed, lease, attempts)
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
                async for item in self._call_streaming(order, lease, launch, number):
                    said = True
                    yield item
            except CallFailed as failed:
                if said:
                    raise _broken_off(failed) from None
                try:
                    await self._after(order, failed, lease, attempts)
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
            return await self._admission.admit(self._ask(order, model, attempts, left))
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
            max_wait_seconds=min(left, self._policy.waits.get(order.lane, 0.0)),
            hold_seconds=self._policy.timeout_seconds + LEASE_MARGIN_SECONDS,
            exclude=attempts.excluded,
            is_hedge=hedge,
        )

    async def _after(
        self, order: Order, failed: CallFailed, lease: Lease, attempts: Attempts
    ) -> None:
        """Waits as long as the failure demands, or raises what the caller has to know."""
        pause = attempts.pause_after(failed.failure, lease.alias)
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
            if not first.task.done() and (second := await self._hedge(order, lease, attempts)):
                running.append(second)
            return await _first_good([item.task for item in running])
        finally:
            for item in running:
                item.task.cancel()
            await asyncio.gather(*(item.task for item in running), return_exceptions=True)

    async def _hedge(self, order: Order, lease: Lease, attempts: Attempts) -> _Running | None:
        ask = self._ask(order, lease.model, attempts, 0.0, hedge=True)
        others = Ask(**{**ask.__dict__, "exclude": ask.exclude | {lease.alias}})
        try:
            second, launch = await self._admission.admit(others)
        except Refused:
            return None
        return self._start(order, second, launch)

    def _start(self, order: Order, lease: Lease, launch: Launch) -> _Running:
        return _Running(lease, asyncio.ensure_future(self._call(order, lease, launch)))

    async def _call(self, order: Order, lease: Lease, launch: Launch) -> Answered:
        async with _Accounting(self, order, lease, launch) as account:
            reply = await self._caller.generate(self._call_for(order, lease, launch))
            account.usage = reply.usage
        return Answered(reply, lease, account.latency_seconds, 1)

    async def _call_streaming(
        self, order: Order, lease: Lease, launch: Launch, number: int
    ) -> AsyncGenerator[str | Answered]:
        reply: RawReply | None = None
        async with _Accounting(self, order, lease, launch) as account:
            async for item in self._caller.stream(self._call_for(order, lease, launch)):
                if isinstance(item, RawReply):
                    reply, account.usage = item, item.usage
                else:
                    yield item
        if reply is not None:
            yield Answered(reply, lease, account.latency_seconds, number)

    def _call_for(self, order: Order, lease: Lease, launch: Launch) -> Call:
        return Call(
            model=lease.model,
            key=self._keys.value_of(lease.alias),
            prompt=order.prompt,
            timeout_seconds=min(self._policy.timeout_seconds, max(0.1, order.seconds_left)),
            on_sending=launch.leave,
            on_sent=launch.sent,
        )

    async def close_books(self, order: Order, lease: Lease, outcome: Outcome) -> None:
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


class _Accounting:
    """Measures one call and closes its books, however it ends."""

    def __init__(self, owner: Dispatcher, order: Order, lease: Lease, launch: Launch) -> None:
        self._owner, self._order, self._lease, self._launch = owner, order, lease, launch
        self._began = time.monotonic()
        self.usage = Usage()
        self.latency_seconds = 0.0

    async def __aenter__(self) -> "_Accounting":
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._launch.leave()
        self.latency_seconds = time.monotonic() - self._began
        failure: Failure | None = None
        if isinstance(error, CallFailed):
            failure, self.usage = error.failure, error.usage
        elif error is not None:
            failure = CANCELLED
        outcome = Outcome(
            usage=self.usage,
            cost_micro_usd=cost_micro_usd(self._lease.model, self.usage),
            latency_seconds=self.latency_seconds,
            failure=failure,
            lag_seconds=self._launch.lag_seconds,
        )
        # Shielded: a cancelled caller still gives its lease back.
        await asyncio.shield(self._owner.close_books(self._order, self._lease, outcome))


class _NothingSaid(Exception):
    """A stream ended before its first piece."""

    def __init__(self, error: LanguageModelError) -> None:
        super().__init__(str(error))
        self.error = error


async def _first_good(tasks: list["asyncio.Task[Answered]"]) -> Answered:
    """The first success, or the last failure if there is none."""
    pending = set(tasks)
    while True:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        good = [task for task in done if task.exception() is None]
        if good:
            return good[0].result()
        if not pending:
            return done.pop().result()


def _final(failed: CallFailed) -> LanguageModelError:
    """The error that a failure is to the caller, once no further try is of use."""
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
    if isinstance(final, ReplyInvalid):
        return ModelUnavailable("the answer broke off", retry_after=1.0)
    return final
