"""Runs a piece of work for as long as its lease holds."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from shared.errors import JobCancelled
from shared.jobs.chunks import LeaseLost
from shared.observability import get_logger

_STOP_SECONDS = 5.0


async def run_while_held(
    work: Awaitable[None], hold: Awaitable[None], seconds: float | None
) -> None:
    """Run `work`; cancel it when `hold` raises, or with TimeoutError after `seconds`.

    Where `hold` returns, there is nothing left to hold and `work` may run to its end.
    """
    working, holding = asyncio.ensure_future(work), asyncio.ensure_future(hold)
    both = {working, holding}
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                holding.result()
                await asyncio.wait({working})
        working.result()
    finally:
        for task in both:
            task.cancel()
        # Bounded, because work that won't be cancelled must not hold the other messages up.
        stopped, _ = await asyncio.wait(both, timeout=_STOP_SECONDS)
        for task in stopped:
            if not task.cancelled():
                task.exception()


class Holder:
    """Looks every second whether the chunk is still ours, and says now and then that we live."""

    def __init__(
        self,
        check: Callable[[], bool],
        extend: Callable[[], bool],
        heartbeat: Callable[[], None],
        *,
        look_seconds: float,
        heartbeat_seconds: float,
        lease_seconds: float,
    ) -> None:
        self._check = check
        self._extend = extend
        self._heartbeat = heartbeat
        self._look_seconds = look_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._lease_seconds = lease_seconds

    async def hold(self) -> None:
        """Returns when the chunk is closed. Raises JobCancelled or LeaseLost."""
        lapses = time.monotonic() + self._lease_seconds
        beats = time.monotonic() + self._heartbeat_seconds
        while True:
            await asyncio.sleep(self._look_seconds)
            now = time.monotonic()
            due = now >= beats
            try:
                if not await asyncio.to_thread(self._extend if due else self._check):
                    return
            except JobCancelled:
                raise
            except Exception:
                # A database that is away for a moment costs nothing before the lease runs out.
                get_logger().warning("the lease could not be looked at", exc_info=True)
                if now >= lapses:
                    raise LeaseLost("The lease ran out unseen.") from None
                continue
            if due:
                lapses, beats = now + self._lease_seconds, now + self._heartbeat_seconds
                await self._tell_alive()

    async def _tell_alive(self) -> None:
        try:
            await asyncio.to_thread(self._heartbeat)
        except Exception:
            get_logger().warning("a heartbeat was lost", exc_info=True)
