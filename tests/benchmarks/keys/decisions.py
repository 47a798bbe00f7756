"""What one decision costs: the round trip, with 14 and with 100 keys."""

import asyncio
import statistics
import time

from pydantic import SecretStr

from shared.ai.interface import Lane, Usage
from shared.ai.keyring import KeyRing
from shared.ai.keys import ApiKey
from shared.ai.pool import Ask, Lease, Outcome
from shared.ai.redis_pool import PoolRules, RedisPool
from shared.ai.wiring import redis_per_loop
from tests.benchmarks.keys.scenarios import MODEL

ROUNDS = 600


def decision_milliseconds(redis_url: str, keys: int) -> tuple[float, float]:
    """p50 and p99 of an acquire on loopback, each followed by its settlement."""
    return asyncio.run(_measured(redis_url, keys))


async def _measured(redis_url: str, keys: int) -> tuple[float, float]:
    per_loop = redis_per_loop(redis_url)
    await (await per_loop.get()).flushall()
    made = [ApiKey(f"k{n}", SecretStr(f"v{n}"), f"p{n}") for n in range(keys)]
    ring = KeyRing(made, {MODEL: {"rpm": 100_000, "tpm": 100_000_000, "rpd": 10_000_000}})
    pool = RedisPool(per_loop, ring, PoolRules())
    ask = Ask(
        model=MODEL,
        lane=Lane.GENERATION,
        user="",
        holder="benchmark",
        tokens=1000,
        cost_micro_usd=0,
        max_wait_seconds=2.0,
        hold_seconds=60.0,
    )
    taken = []
    for number in range(ROUNDS + 100):
        began = time.perf_counter()
        decision = await pool.acquire(ask)
        if number >= 100:
            taken.append(1000 * (time.perf_counter() - began))
        if isinstance(decision, Lease):
            await pool.settle(decision, Outcome(Usage(1000, 10), 0, 1.0))
        elif decision.seconds:
            await asyncio.sleep(min(0.5, decision.seconds))
    taken.sort()
    return statistics.median(taken), taken[int(0.99 * len(taken))]
