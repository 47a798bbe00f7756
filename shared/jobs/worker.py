"""What a queue's worker does with one message: claim the chunk, work, tell, or give it back.

The order is the guarantee: the result is stored in one transaction first, then sockets are told,
then the task token is answered. Whatever is lost after the first step is only repeated.
"""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from shared.ai.errors import (
    BudgetExceeded,
    ModelOutage,
    ModelSaturated,
    ModelUnavailable,
    NoKeysConfigured,
    ReplyBlocked,
    RequestRefused,
)
from shared.errors import ChunkFailed, JobCancelled, LearningAppError
from shared.jobs.holding import Holder, run_while_held
from shared.jobs.model import ChunkBusy, ChunkFinished, Claim, ClaimResult, JobOver
from shared.jobs.state_machine import TaskTokens
from shared.jobs.store import JobStore, LeaseLost
from shared.observability import get_logger

LEASE = timedelta(seconds=30)
LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
MOST_ATTEMPTS = 4
# Longer than a place in the key pool is kept ahead, shorter than a task may go without a heartbeat.
LONGEST_DELAY_SECONDS = 310

Work = Callable[[Claim], Awaitable[None]]

# What another attempt with the same request would meet again.
_FINAL = (RequestRefused, ReplyBlocked, BudgetExceeded, NoKeysConfigured)


class Redeliver(Exception):
    """The message must come again; its visibility timeout says when."""


class Unfinished(Exception):
    """Part of the chunk is stored; the rest is for the next delivery, in `seconds`."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(f"goes on in {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True)
class ChunkMessage:
    """One delivery of a chunk's message."""

    job_id: uuid.UUID
    ordinal: int
    task_token: str
    receipt_handle: str


class ChunkQueue(Protocol):
    """The queue that chunk messages come from."""

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Keep a message from being delivered again for `seconds`."""


class ChunkWorker:
    """Works on chunks, one call of `handle` a message."""

    def __init__(
        self,
        open_jobs: Callable[[], AbstractContextManager[JobStore]],
        queue: ChunkQueue,
        tokens: TaskTokens,
        announce: Callable[[uuid.UUID], None],
    ) -> None:
        self._open_jobs = open_jobs
        self._queue = queue
        self._tokens = tokens
        self._announce = announce

    async def handle(self, message: ChunkMessage, work: Work, seconds: float | None = None) -> None:
        """See the chunk of `message` to its end, within `seconds`.

        Raises Redeliver if that is not now.
        """
        # Side by side, because the work needs the claim alone.
        hiding = asyncio.create_task(asyncio.to_thread(self._hide_quietly, message))
        try:
            claim = await asyncio.to_thread(self._claim, message)
        finally:
            await hiding
        match claim:
            case Claim():
                await self._work(message, claim, work, seconds)
            case ChunkFinished(error_code=None):
                await self._succeed(message)
            case ChunkFinished(error_code=code):
                await self._fail(message, ChunkFailed("The chunk failed before.", code=code))
            case JobOver():
                await asyncio.to_thread(self._expire, message.job_id)
                await self._fail(message, JobCancelled("The job has ended."))
            case ChunkBusy(lease_until=until):
                await self._give_back(message, until)

    def _claim(self, message: ChunkMessage) -> ClaimResult:
        with self._open_jobs() as jobs:
            started = jobs.start_queued(message.job_id)
        if started:
            self._announce(message.job_id)
        with self._open_jobs() as jobs:
            return jobs.claim(message.job_id, message.ordinal, LEASE)

    def _hide_quietly(self, message: ChunkMessage) -> None:
        """Where it fails the message only comes later, should this worker be lost."""
        try:
            self._hide(message)
        except Exception:
            get_logger().warning("a message was not hidden", exc_info=True)

    def _hide(self, message: ChunkMessage) -> None:
        self._queue.hide(message.receipt_handle, int(LEASE.total_seconds()))

    def _expire(self, job_id: uuid.UUID) -> None:
        with self._open_jobs() as jobs:
            expired = jobs.expire(job_id)
        if expired:
            self._announce(job_id)

    async def _work(
        self, message: ChunkMessage, claim: Claim, work: Work, seconds: float | None
    ) -> None:
        if claim.attempts > MOST_ATTEMPTS:
            lost = ChunkFailed("Every worker that took the chunk was lost.", code="worker_lost")
            await self._fail_for_good(message, claim, lost)
            return
        try:
            await run_while_held(work(claim), self._holder(message, claim).hold(), seconds)
        except LeaseLost as error:
            raise self._taken_over(claim) from error
        except JobCancelled as error:
            await self._fail(message, error)
        except ModelSaturated as error:
            await self._wait(message, claim, error.until, error.reason, "quota_exhausted")
        except ModelOutage as error:
            until = datetime.now(UTC) + timedelta(seconds=error.retry_after)
            await self._wait(message, claim, until, error.reason, error.code)
        except Unfinished as rest:
            await asyncio.to_thread(self._release, claim, counted=False)
            await self._give_back(message, datetime.now(UTC) + timedelta(seconds=rest.seconds))
        except ChunkFailed as error:
            await self._fail_for_good(message, claim, error)
        except _FINAL as error:
            await self._fail_for_good(message, claim, ChunkFailed(error.message, code=error.code))
        except Exception as error:
            await self._try_again(message, claim, error)
        else:
            await asyncio.to_thread(self._announce, claim.job_id)
            await self._succeed(message)

    def _holder(self, message: ChunkMessage, claim: Claim) -> Holder:
        return Holder(
            partial(self._check, claim),
            partial(self._extend, claim),
            partial(self._heartbeat, message),
            look_seconds=LOOK_SECONDS,
            heartbeat_seconds=HEARTBEAT_SECONDS,
            lease_seconds=LEASE.total_seconds(),
        )

    def _check(self, claim: Claim) -> bool:
        with self._open_jobs() as jobs:
            return jobs.check(claim)

    def _extend(self, claim: Claim) -> bool:
        with self._open_jobs() as jobs:
            return jobs.extend(claim, LEASE)

    def _heartbeat(self, message: ChunkMessage) -> None:
        self._hide(message)
        self._tokens.heartbeat(message.task_token)

    def _taken_over(self, claim: Claim) -> Redeliver:
        """The message stays, in case that the other worker was given the same one and dies."""
        get_logger().warning("lease lost", extra={"ordinal": claim.ordinal})
        return Redeliver("another worker has the chunk")

    async def _wait(
        self, message: ChunkMessage, claim: Claim, until: datetime, reason: str, too_late: str
    ) -> None:
        """Gives the chunk back uncounted and says so; fails it where the deadline comes first."""
        if until >= claim.deadline_at:
            error = ChunkFailed("The model can't be reached before the deadline.", code=too_late)
            await self._fail_for_good(message, claim, error)
            return
        await asyncio.to_thread(self._tell_waiting, claim, reason[:60], until)
        await asyncio.to_thread(self._tell_alive, message)
        await self._give_back(message, until)

    def _tell_alive(self, message: ChunkMessage) -> None:
        """What waits for quota is not lost. Where nobody can be told, its message is sent again."""
        try:
            self._tokens.heartbeat(message.task_token)
        except Exception:
            get_logger().warning("a heartbeat was lost", exc_info=True)

    def _tell_waiting(
        self, claim: Claim, reason: str, until: datetime, *, counted: bool = False
    ) -> None:
        with self._open_jobs() as jobs:
            told = jobs.rest(claim, reason, until, counted=counted)
        if told:
            self._announce(claim.job_id)

    async def _try_again(self, message: ChunkMessage, claim: Claim, error: Exception) -> None:
        get_logger().warning(
            "chunk attempt failed", exc_info=error, extra={"ordinal": claim.ordinal}
        )
        if claim.attempts >= MOST_ATTEMPTS:
            failed = ChunkFailed("The chunk failed on every attempt.", code=_reason(error))
            await self._fail_for_good(message, claim, failed)
            return
        delay = random.uniform(0.5, 1.0) * 2**claim.attempts  # noqa: S311  jitter
        until = datetime.now(UTC) + timedelta(seconds=delay)
        if isinstance(error, ModelUnavailable):
            until = max(until, datetime.now(UTC) + timedelta(seconds=error.retry_after))
            await asyncio.to_thread(self._tell_waiting, claim, error.reason, until, counted=True)
        else:
            await asyncio.to_thread(self._release, claim)
        await self._give_back(message, until)

    def _release(self, claim: Claim, *, counted: bool = True) -> None:
        with self._open_jobs() as jobs:
            jobs.release(claim, counted=counted)

    async def _fail_for_good(self, message: ChunkMessage, claim: Claim, error: ChunkFailed) -> None:
        try:
            await asyncio.to_thread(self._store_failure, claim, error)
        except LeaseLost as lost:
            raise self._taken_over(claim) from lost
        except JobCancelled as ended:
            await self._fail(message, ended)
            return
        await self._fail(message, error)

    def _store_failure(self, claim: Claim, error: ChunkFailed) -> None:
        with self._open_jobs() as jobs:
            jobs.fail_chunk(claim, error.code, error.message)

    async def _give_back(self, message: ChunkMessage, until: datetime) -> None:
        seconds = (until - datetime.now(UTC)).total_seconds()
        delay = max(1, min(LONGEST_DELAY_SECONDS, round(seconds + 0.5)))
        await asyncio.to_thread(self._queue.hide, message.receipt_handle, delay)
        raise Redeliver(f"in {delay} s")

    async def _succeed(self, message: ChunkMessage) -> None:
        output = {"ordinal": message.ordinal}
        await asyncio.to_thread(self._tokens.succeed, message.task_token, output)

    async def _fail(self, message: ChunkMessage, error: ChunkFailed | JobCancelled) -> None:
        name = "JobCancelled" if isinstance(error, JobCancelled) else "ChunkFailed"
        await asyncio.to_thread(self._tokens.fail, message.task_token, name, error.code)


def _reason(error: Exception) -> str:
    if isinstance(error, LearningAppError):
        return error.code[:60]
    return "worker_timeout" if isinstance(error, TimeoutError) else "worker_error"
