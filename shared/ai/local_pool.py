"""The key pool of one process alone, for when Redis is gone: a strict share of every quota."""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.ai.error_table import Effect
from shared.ai.keyring import Bucket, KeyRing
from shared.ai.pool import Ask, Decision, Lease, Outcome, Refusal, Wait
from shared.ai.quotas import next_pacific_midnight

_DEAD_SECONDS = 3600.0
_COOL_SECONDS = 60.0
# A model that fails is looked at again soon, as the shared pool's breaker does.
_FIRST_PAUSE_SECONDS = 5.0
# A kept place whose owner didn't come back is free again after this.
_ABANDONED_SECONDS = 10.0


@dataclass
class _Share:
    """What this process has used of its share of one bucket."""

    requests_at: float = 0.0
    tokens_at: float = 0.0
    used_today: int = 0
    day_ends_at: float = 0.0
    parked_until: float = 0.0
    failures: int = 0
    slots: dict[str, float] = field(default_factory=dict)


class LocalPool:
    """Requests and tokens by GCRA at `share` of the configured limits, one waiting slot each.

    It doesn't know what other processes do, so the share is the operator's guess of one over the
    number of processes (GEMINI_LOCAL_SHARE). Hedging and quota probing are off here. A budget
    can't be kept in Redis either: `is_over_budget` asks the ledger instead.
    """

    def __init__(
        self,
        ring: KeyRing,
        share: float,
        is_over_budget: Callable[[str], bool] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ring = ring
        self._share = share
        self._is_over_budget = is_over_budget
        self._clock = clock
        self._shares: dict[str, _Share] = {}
        self._dead_until: dict[str, float] = {}

    async def acquire(self, ask: Ask) -> Decision:
        if ask.is_hedge:
            return Refusal("refused")
        if ask.user and self._is_over_budget is not None:
            over = await asyncio.to_thread(self._is_over_budget, ask.user)
            if over:
                return Refusal("budget")
        return self._decide(ask)

    def _decide(self, ask: Ask) -> Decision:
        config = self._ring.config_for(ask.model)
        alive = [
            (alias, config.buckets[index])
            for alias, index in config.keys
            if self._dead_until.get(alias, 0.0) <= self._clock()
        ]
        fitting = [(alias, bucket) for alias, bucket in alive if ask.tokens <= bucket.quota.tpm]
        if alive and not fitting:
            return Refusal("too_large")
        slots = [(self._slot(bucket, ask), alias, bucket) for alias, bucket in fitting]
        # A key that just failed this request may be waited for, but is not asked again at once.
        has_waited, now = ask.claim is not None, self._clock()
        usable = [s for s in slots if has_waited or s[1] not in ask.exclude or s[0] > now]
        if not usable:
            return Refusal("no_keys", _COOL_SECONDS)
        slot, alias, bucket = min(usable, key=lambda item: item[0])
        wait = slot - self._clock()
        if wait <= 0:
            return self._send(bucket, alias, ask)
        if wait > ask.max_wait_seconds:
            return Refusal("saturated", wait, "degraded")
        claim = uuid.uuid4().hex
        self._share_of(bucket).slots[claim] = slot
        return Wait(claim, wait, "degraded")

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        config = self._ring.config_for(lease.model)
        bucket = config.bucket_of(lease.alias)
        if bucket is None:
            return
        share, now, failure = self._share_of(bucket), self._clock(), outcome.failure
        if outcome.effect is Effect.KILL_KEY:
            self._dead_until[lease.alias] = now + _DEAD_SECONDS
        elif outcome.effect is Effect.PARK_DAY:
            share.parked_until = next_pacific_midnight(datetime.fromtimestamp(now, UTC)).timestamp()
        elif outcome.effect in (Effect.SUCCESS, Effect.ANSWERED):
            share.failures = 0
        elif outcome.effect is Effect.FAIL_MODEL:
            # One failure is no outage: each that follows a pause doubles it.
            if now >= share.parked_until:
                pause = min(_COOL_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(share.failures, 8))
                share.failures, share.parked_until = share.failures + 1, now + pause
        elif outcome.effect in (Effect.DISABLE_BUCKET, Effect.DISABLE_PROJECT):
            share.parked_until = now + _DEAD_SECONDS
        elif failure is not None and outcome.effect is not Effect.NEUTRAL:
            pause = failure.cool_seconds or _COOL_SECONDS
            share.parked_until = max(share.parked_until, now + pause)

    async def release(self, claim: str, model: str) -> None:
        for bucket in self._ring.config_for(model).buckets:
            self._share_of(bucket).slots.pop(claim, None)

    def _share_of(self, bucket: Bucket) -> _Share:
        return self._shares.setdefault(bucket.id, _Share())

    def _slot(self, bucket: Bucket, ask: Ask) -> float:
        share, now = self._share_of(bucket), self._clock()
        share.slots = {c: at for c, at in share.slots.items() if at > now - _ABANDONED_SECONDS}
        kept = share.slots.pop(ask.claim, None) if ask.claim is not None else None
        if share.day_ends_at <= now:
            share.used_today = 0
            midnight = next_pacific_midnight(datetime.fromtimestamp(now, UTC))
            share.day_ends_at = midnight.timestamp()
        if share.used_today >= max(1, int(bucket.quota.rpd * self._share)):
            return share.day_ends_at
        rate = 60 / (bucket.quota.rpm * self._share)
        burst = max(1, int(bucket.quota.rpm * self._share))
        waiting = sum(kept is None or at < kept for at in share.slots.values())
        by_requests = max(share.requests_at, now) + (waiting + 1 - burst) * rate
        by_tokens = share.tokens_at
        return max(now, share.parked_until, by_requests, by_tokens)

    def _send(self, bucket: Bucket, alias: str, ask: Ask) -> Lease:
        share, now = self._share_of(bucket), self._clock()
        share.requests_at = max(share.requests_at, now) + 60 / (bucket.quota.rpm * self._share)
        # The next call waits until this one's tokens have flowed through the share.
        per_token = 60 / (bucket.quota.tpm * self._share)
        share.tokens_at = max(share.tokens_at, now) + ask.tokens * per_token
        share.used_today += 1
        return Lease(uuid.uuid4().hex, ask.model, alias, bucket.project)
