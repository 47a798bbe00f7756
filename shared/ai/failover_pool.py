"""The shared pool while Redis answers, this process's own strict share while it doesn't."""

import time
from collections.abc import Callable

from redis.exceptions import RedisError

from shared.ai.local_pool import LocalPool
from shared.ai.pool import Ask, Decision, Lease, Outcome
from shared.ai.redis_pool import RedisPool
from shared.observability import get_logger

RETRY_SECONDS = 5.0
_GONE = (RedisError, OSError, TimeoutError)


class FailoverPool:
    """Tries Redis again every five seconds; `degraded` says which of the two is in use.

    `on_loss` is told the model in question whenever Redis was tried and is gone.
    """

    def __init__(
        self,
        shared: RedisPool,
        local: LocalPool,
        clock: Callable[[], float] = time.monotonic,
        on_loss: Callable[[str], None] | None = None,
    ) -> None:
        self._shared = shared
        self._local = local
        self._clock = clock
        self._on_loss = on_loss
        self._gone_until = 0.0
        self._local_leases: set[str] = set()
        # Whose leases are out, and whose costs Redis was not told.
        self._users: dict[str, str] = {}
        self._untold: set[str] = set()

    @property
    def degraded(self) -> bool:
        return self._clock() < self._gone_until

    async def acquire(self, ask: Ask) -> Decision:
        if not self.degraded:
            try:
                return self._noted(await self._acquire_shared(ask), ask)
            except _GONE as error:
                self._lost(error, ask.model)
        decision = await self._local.acquire(ask)
        if isinstance(decision, Lease):
            self._local_leases.add(decision.id)
        return self._noted(decision, ask)

    async def _acquire_shared(self, ask: Ask) -> Decision:
        if ask.user in self._untold:
            await self._shared.count_anew(ask.user)
            self._untold.discard(ask.user)
        return await self._shared.acquire(ask)

    def _noted(self, decision: Decision, ask: Ask) -> Decision:
        if isinstance(decision, Lease) and ask.user:
            self._users[decision.id] = ask.user
        return decision

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        user = self._users.pop(lease.id, None)
        if lease.id in self._local_leases:
            self._local_leases.discard(lease.id)
            await self._local.settle(lease, outcome)
        elif not self.degraded:
            try:
                await self._shared.settle(lease, outcome)
            except _GONE as error:
                self._lost(error, lease.model)
            else:
                return
        if user is not None:
            self._untold.add(user)

    async def release(self, claim: str, model: str) -> None:
        self._users.pop(claim, None)
        await self._local.release(claim, model)
        if not self.degraded:
            try:
                await self._shared.release(claim, model)
            except _GONE as error:
                self._lost(error, model)

    def _lost(self, error: Exception, model: str) -> None:
        self._gone_until = self._clock() + RETRY_SECONDS
        get_logger().warning(
            "Redis is gone: the key pool goes on with this process's share of each quota",
            extra={"error": type(error).__name__},
        )
        if self._on_loss is not None:
            self._on_loss(model)
