"""The key pool that all processes share, by one Lua call a decision."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.ai.error_table import Effect
from shared.ai.keyring import KeyRing
from shared.ai.loop_scoped import LoopScoped
from shared.ai.pool import Ask, Decision, Lease, Outcome, Refusal, Wait
from shared.ai.quotas import pacific_midnights
from shared.ai.scripts import Program

# Jitter is up to a tenth of the delay.
_MOST_JITTER_SECONDS = 2.0


@dataclass(frozen=True)
class PoolRules:
    """What an operator may choose about the pool."""

    hedge_share: float = 0.05
    probe_quotas: bool = True
    user_daily_micro_usd: int | None = None
    prefix: str = "{gemini}"


class RedisPool:
    """State in Redis; raises redis.exceptions.RedisError where that is gone.

    `chance` makes leases' ids, which are nobody's to guess, so it is the system's unless a test's.
    """

    def __init__(
        self,
        redis: LoopScoped["Redis"],
        ring: KeyRing,
        rules: PoolRules,
        spent_today: Callable[[str], int] | None = None,
        *,
        clock: str | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._redis = redis
        self._ring = ring
        self._rules = rules
        self._spent_today = spent_today
        self._chance = chance or random.SystemRandom()
        self._acquire = Program("acquire", clock)
        self._settle = Program("settle", clock)
        self._status = Program("status", clock)

    async def acquire(self, ask: Ask) -> Decision:
        await self._ring.refresh()
        answer = await self._decide(ask, self._request(ask))
        if await self._ring.refresh(answer.get("version")):
            # Keys changed while we asked. What was granted may be of a key that is gone.
            claim = ask.claim
            if "lease" in answer:
                await self.release(answer["lease"], ask.model)
                claim = None
            answer = await self._decide(ask, {**self._request(ask), "claim": claim})
        return _decision(ask, answer)

    async def _decide(self, ask: Ask, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._decided(ask, request)
        except asyncio.CancelledError:
            # It may have been granted all the same, and nobody else knows this lease.
            with suppress(RedisError):
                await asyncio.shield(self.release(request["lease"], ask.model))
            raise

    async def _decided(self, ask: Ask, request: dict[str, Any]) -> dict[str, Any]:
        redis = await self._redis.get()
        full = self._ring.config_for(ask.model)
        part = self._chance.choice(self._ring.parts_for(ask.model))
        keys = self._keys(part.digest, f"{ask.model}:{ask.holder}", full.digest)
        answer = await self._acquire.run(redis, keys, request)
        if answer["state"] == "configure":
            request = {**request, "upload": part.as_json(), "upload_full": full.as_json()}
            answer = await self._acquire.run(redis, keys, request)
        if answer["state"] == "seed":
            spent = await self._spent(ask.user)
            answer = await self._acquire.run(redis, keys, {**request, "budget_seed": spent})
        return answer

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        config = self._ring.config_for(lease.model)
        bucket = config.bucket_of(lease.alias)
        if bucket is None:
            await self.release(lease.id, lease.model)
            return
        failure = outcome.failure
        cool = failure.cool_seconds if failure else None
        request: dict[str, Any] = {
            "lease": lease.id,
            "entry": bucket.as_json(),
            "effect": outcome.effect.value,
            "latency": round(outcome.latency_seconds * 1000, 1),
            "prompt_tokens": outcome.usage.prompt_tokens,
            "output_tokens": outcome.usage.output_tokens + outcome.usage.thought_tokens,
            "cost": outcome.cost_micro_usd,
            "lag": self._lag(outcome.lag_seconds),
            "midnights": _midnights(),
        }
        if failure is not None:
            jitter = min(_MOST_JITTER_SECONDS, 0.1 * (cool or 5.0)) * self._chance.random()
            request |= {
                "kind": failure.kind,
                "refusal": failure.is_refusal,
                "answered": failure.answered,
                "dimension": failure.dimension,
                "limit": failure.limit,
                "cool": None if cool is None else round(cool * 1000),
                "jitter": round(jitter * 1000),
            }
            if failure.effect in (Effect.PARK_PROJECT, Effect.DISABLE_PROJECT):
                request["sibling_buckets"] = self._buckets_of(bucket.project)
        await self._settle.run(await self._redis.get(), self._keys(config.digest), request)

    async def release(self, claim: str, model: str) -> None:
        """Gives a place or a lease back as never used."""
        request = {
            "lease": claim,
            "effect": "unused",
            "cost": 0,
            "midnights": _midnights(),
        }
        digest = self._ring.config_for(model).digest
        await self._settle.run(await self._redis.get(), self._keys(digest), request)

    async def count_anew(self, user: str) -> None:
        """Forgets what this user spent today: with the next decision the ledger tells it."""
        redis = await self._redis.get()
        await redis.hdel(self._spent_key(), user)

    async def picture(self, models: list[str]) -> dict[str, Any]:
        """The whole state, for people."""
        await self._ring.refresh()
        configs = [self._ring.config_for(model) for model in models]
        request = {
            "configs": [config.as_json() for config in configs],
            "midnights": _midnights(),
        }
        keys = self._keys(configs[0].digest)
        return await self._status.run(await self._redis.get(), keys, request)

    def _buckets_of(self, project: str) -> list[str]:
        return [
            bucket.id
            for config in self._ring.known_configs()
            for bucket in config.buckets
            if bucket.project == project
        ]

    def _lag(self, seen_seconds: float | None) -> float | None:
        return None if seen_seconds is None else round(seen_seconds * 1000, 1)

    async def _spent(self, user: str) -> int:
        return await asyncio.to_thread(self._spent_today, user) if self._spent_today else 0

    def _request(self, ask: Ask) -> dict[str, Any]:
        return {
            "lane": ask.lane.value,
            "user": ask.user,
            "holder": ask.holder,
            "lease": f"{self._chance.getrandbits(128):032x}",
            "claim": ask.claim,
            "tokens": ask.tokens,
            "wait": max(0, round(ask.max_wait_seconds * 1000)),
            "ttl": round(ask.hold_seconds * 1000),
            "exclude": sorted(ask.exclude),
            "hedge": ask.is_hedge or None,
            "hedge_share": self._rules.hedge_share,
            "probing": self._rules.probe_quotas,
            "budget": self._rules.user_daily_micro_usd,
            "estimate": ask.cost_micro_usd,
            "midnights": _midnights(),
        }

    def _spent_key(self) -> str:
        return f"{self._rules.prefix}:spent:{datetime.now(UTC).date().isoformat()}"

    def _keys(self, digest: str, holder: str = "", full_digest: str | None = None) -> list[str]:
        prefix, today = self._rules.prefix, datetime.now(UTC).date().isoformat()
        return [
            f"{prefix}:config:{digest}",
            f"{prefix}:buckets",
            f"{prefix}:keys",
            f"{prefix}:models",
            f"{prefix}:leases",
            f"{prefix}:expiry",
            f"{prefix}:holder:{holder}",
            self._spent_key(),
            f"{prefix}:counts:{today}",
            f"{prefix}:version",
            f"{prefix}:config:{full_digest or digest}",
        ]


def _midnights() -> list[int]:
    return _midnights_around(datetime.now(UTC).date())


@lru_cache(maxsize=4)
def _midnights_around(day: date) -> list[int]:
    return pacific_midnights(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def _decision(ask: Ask, answer: dict[str, Any]) -> Decision:
    state, reason = answer["state"], str(answer.get("reason", ""))
    seconds = answer.get("wait", 0) / 1000
    if state == "granted":
        straggles = answer.get("straggles_after")
        return Lease(
            id=answer["lease"],
            model=ask.model,
            alias=answer["alias"],
            project=answer["project"],
            straggles_after_seconds=straggles / 1000 if straggles else None,
        )
    if state == "waiting":
        return Wait(answer["lease"], seconds, reason)
    return Refusal(state, seconds, reason, answer.get("lease"))
