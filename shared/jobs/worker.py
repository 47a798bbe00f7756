"""What a queue's worker does with one message: claim the chunk, work, tell, or give it back.

The order is the guarantee: the result is stored in one transaction first, then sockets are told,
then the task token is answered. Whatever is lost after the first step is only repeated.
"""

import asyncio
import contextlib
import random
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from shared.ai.errors import ModelSaturated
from shared.errors import ChunkFailed, JobCancelled
from shared.jobs.model import ChunkBusy, ChunkFinished, Claim, ClaimResult, JobOver
from shared.jobs.state_machine import TaskTokens
from shared.jobs.store import JobStore, LeaseLost
from shared.observability import get_logger

LEASE = timedelta(seconds=30)
LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
MOST_ATTEMPTS = 4
LONGEST_DELAY_SECONDS = 900

Work = Callable[[Claim], Awaitable[None]]


class Redeliver(Exception):
    """The message must come again; its visibility timeout says when."""


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

    async def handle(self, message: ChunkMessage, work: Work) -> None:
        """See the chunk of `message` to its end. Raises Redeliver if that is not now."""
        claim = await asyncio.to_thread(self._claim, message)
        match claim:
            case Claim():
                await self._work(message, claim, work)
            case ChunkFinished(error_code=None):
                await self._succeed(message)
            case ChunkFinished():
                await self._fail(message, ChunkFailed("The chunk failed before."))
            case JobOver():
                await self._fail(message, JobCancelled("The job has ended."))
            case ChunkBusy(lease_until=until):
                await self._give_back(message, until)

    def _claim(self, message: ChunkMessage) -> ClaimResult:
        self._queue.hide(message.receipt_handle, int(LEASE.total_seconds()))
        with self._open_jobs() as jobs:
            return jobs.claim(message.job_id, message.ordinal, LEASE)

    async def _work(self, message: ChunkMessage, claim: Claim, work: Work) -> None:
        try:
            await self._while_held(message, claim, work)
        except LeaseLost:
            get_logger().warning("lease lost", extra={"ordinal": claim.ordinal})
            return
        except JobCancelled as error:
            await self._fail(message, error)
            return
        except ModelSaturated as error:
            await self._wait_for_quota(message, claim, error)
            return
        except ChunkFailed as error:
            await self._fail_for_good(message, claim, error)
            return
        except Exception as error:
            await self._try_again(message, claim, error)
            return
        await asyncio.to_thread(self._announce, claim.job_id)
        await self._succeed(message)

    async def _while_held(self, message: ChunkMessage, claim: Claim, work: Work) -> None:
        """Run `work` while a heartbeat holds the lease; stop it where the lease or job is lost."""
        working = asyncio.ensure_future(work(claim))
        holding = asyncio.ensure_future(self._hold(message, claim))
        try:
            await asyncio.wait({working, holding}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                holding.result()
                raise JobCancelled("The job ended while the chunk was worked on.")
            working.result()
        finally:
            for task in (working, holding):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _hold(self, message: ChunkMessage, claim: Claim) -> None:
        """Returns when the chunk is no longer ours to work on."""
        seconds = 0.0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            seconds += LOOK_SECONDS
            if not await asyncio.to_thread(self._extend, claim):
                return
            if seconds % HEARTBEAT_SECONDS < LOOK_SECONDS:
                lease = int(LEASE.total_seconds())
                await asyncio.to_thread(self._queue.hide, message.receipt_handle, lease)
                await asyncio.to_thread(self._tokens.heartbeat, message.task_token)

    def _extend(self, claim: Claim) -> bool:
        with self._open_jobs() as jobs:
            return jobs.extend(claim, LEASE)

    async def _wait_for_quota(
        self, message: ChunkMessage, claim: Claim, saturated: ModelSaturated
    ) -> None:
        if saturated.until >= claim.deadline_at:
            error = ChunkFailed("No quota is left before the deadline.", code="quota_exhausted")
            await self._fail_for_good(message, claim, error)
            return
        await asyncio.to_thread(self._tell_waiting, claim, saturated)
        await self._give_back(message, saturated.until)

    def _tell_waiting(self, claim: Claim, saturated: ModelSaturated) -> None:
        with self._open_jobs() as jobs:
            jobs.release(claim, counted=False)
            told = jobs.wait(claim.job_id, saturated.reason, saturated.until)
        if told:
            self._announce(claim.job_id)

    async def _try_again(self, message: ChunkMessage, claim: Claim, error: Exception) -> None:
        get_logger().exception("chunk attempt failed", extra={"ordinal": claim.ordinal})
        if claim.attempts >= MOST_ATTEMPTS:
            code = getattr(error, "code", "worker_error")
            failed = ChunkFailed("The chunk failed on every attempt.", code=code)
            await self._fail_for_good(message, claim, failed)
            return
        await asyncio.to_thread(self._release, claim)
        delay = random.uniform(0.5, 1.0) * 2**claim.attempts  # noqa: S311  jitter
        await self._give_back(message, datetime.now(UTC) + timedelta(seconds=delay))

    def _release(self, claim: Claim) -> None:
        with self._open_jobs() as jobs:
            jobs.release(claim)

    async def _fail_for_good(self, message: ChunkMessage, claim: Claim, error: ChunkFailed) -> None:
        try:
            await asyncio.to_thread(self._store_failure, claim, error)
        except LeaseLost:
            return
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
