"""What the pool knows doesn't outlive its truth: days turn, limits change, accounts are paid."""

from typing import Any

import pytest
from pydantic import SecretStr
from simulation import CLOCK, MIDDAY, MODEL, Caller, Project

from shared.ai import Lane
from shared.ai.admission import Admission, Refused, Waited
from shared.ai.error_table import CANCELLED, Failure, classify
from shared.ai.interface import Usage
from shared.ai.keyring import KeyRing
from shared.ai.keys import ApiKey
from shared.ai.loop_scoped import LoopScoped
from shared.ai.pool import Ask, Lease, Outcome, Refusal
from shared.ai.provider_error import ProviderError, Violation
from shared.ai.redis_pool import PoolRules, RedisPool

OVERLOADED = classify(ProviderError(503, "UNAVAILABLE", "The model is overloaded."))
HOUR, DAY = 3600.0, 86_400.0
# In the world's seconds: its clock begins twelve hours before the first of these.
MIDNIGHT = 12 * HOUR


@pytest.fixture(autouse=True)
def midnights(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [MIDDAY + round((MIDNIGHT + days * DAY) * 1000) for days in (-1, 0, 1, 2)]
    monkeypatch.setattr("shared.ai.redis_pool._midnights", lambda: made)


def ask(**how: Any) -> Ask:
    usual: dict[str, Any] = {
        "model": MODEL,
        "lane": Lane.GENERATION,
        "user": "",
        "holder": "job",
        "tokens": 100,
        "cost_micro_usd": 1,
        "max_wait_seconds": 0.0,
        "hold_seconds": 60.0,
    }
    return Ask(**(usual | how))


def per_day(limit: int) -> Failure:
    violation = Violation("GenerateRequestsPerDayPerProjectPerModel", "", limit)
    return classify(
        ProviderError(429, "RESOURCE_EXHAUSTED", violations=(violation,), retry_seconds=7.0)
    )


async def lease_at(world, moment: float, **how: Any) -> Lease:
    await world.set_clock(moment)
    decision = await world.pool.acquire(ask(**how))
    assert isinstance(decision, Lease), decision
    return decision


async def settle(world, lease: Lease, failure: Failure | None = None) -> None:
    await world.pool.settle(lease, Outcome(Usage(100, 10), 1, 0.5, failure, 0.0))


def reconfigured(world, **quota: float) -> RedisPool:
    """The pool of a process that was deployed with another configured quota."""
    keys = [ApiKey(f"{name}-key-0", SecretStr(name), name) for name in world.projects]
    ring = KeyRing(keys, {MODEL: quota})
    return RedisPool(LoopScoped(lambda: world.redis), ring, PoolRules(), clock=CLOCK)


async def in_force(world) -> dict[str, Any]:
    bucket = (await world.pool.picture([MODEL]))["buckets"][0]
    return {name: bucket[name] for name in ("rpm", "tpm", "rpd")}


async def test_a_day_that_was_spent_before_midnight_says_nothing_of_the_next(world_of):
    world = await world_of({"one": Project(10)}, rpm=10)
    lease = await lease_at(world, MIDNIGHT - 0.2)
    await world.set_clock(MIDNIGHT + 0.3)
    await settle(world, lease, per_day(100))
    await lease_at(world, MIDNIGHT + 120)


async def test_a_day_that_has_not_turned_at_the_server_yet_is_tried_again_soon(world_of):
    world = await world_of({"one": Project(10)}, rpm=10)
    lease = await lease_at(world, MIDNIGHT + 5)
    await settle(world, lease, per_day(100))
    await world.set_clock(MIDNIGHT + 10)
    assert isinstance(await world.pool.acquire(ask()), Refusal)
    await lease_at(world, MIDNIGHT + 120)


async def test_a_day_that_is_spent_is_left_alone_until_it_ends(world_of):
    world = await world_of({"one": Project(10)}, rpm=10)
    lease = await lease_at(world, MIDNIGHT + 2 * HOUR)
    await settle(world, lease, per_day(100))
    for moment in (MIDNIGHT + 3 * HOUR, MIDNIGHT + DAY - 1):
        await world.set_clock(moment)
        refusal = await world.pool.acquire(ask())
        assert isinstance(refusal, Refusal)
        assert refusal.reason == "day_quota"
    await lease_at(world, MIDNIGHT + DAY + 1)


async def test_limits_of_days_and_of_tokens_that_were_told_are_asked_anew_after_a_day(world_of):
    world = await world_of({"one": Project(10)}, rpm=10, tpm=9_000, rpd=50)
    await settle(world, await lease_at(world, 1.0), per_day(5))
    tokens = Violation("GenerateContentInputTokensPerMinute", "", 4_000)
    refusal = ProviderError(429, "RESOURCE_EXHAUSTED", violations=(tokens,), retry_seconds=7.0)
    await settle(world, await lease_at(world, MIDNIGHT + HOUR), classify(refusal))
    assert await in_force(world) == {"rpm": 10, "tpm": 4_000, "rpd": 5}
    await lease_at(world, MIDNIGHT + 26 * HOUR)
    assert await in_force(world) == {"rpm": 10, "tpm": 9_000, "rpd": 50}


async def test_a_newly_configured_limit_outranks_what_was_told_before(world_of):
    world = await world_of({"one": Project(10)}, rpm=20)
    await world.run([Caller(n) for n in range(30)], until=30)
    assert (await in_force(world))["rpm"] == 10
    world.pool = reconfigured(world, rpm=100, tpm=10_000_000, rpd=1_000_000)
    assert (await in_force(world))["rpm"] == 100


@pytest.mark.parametrize(
    "failure",
    [
        classify(ProviderError(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted")),
        classify(ProviderError(400, "FAILED_PRECONDITION", "billing is not enabled")),
        classify(ProviderError(403, "PERMISSION_DENIED", "not for models/it", is_googles=True)),
        classify(
            ProviderError(429, "RESOURCE_EXHAUSTED", violations=(Violation("PerMinute", "", 0),))
        ),
    ],
    ids=lambda failure: failure.kind,
)
async def test_what_was_refused_for_good_is_looked_at_hourly_by_one_call(world_of, failure):
    world = await world_of({"one": Project(10)}, rpm=10)
    await settle(world, await lease_at(world, 0.0), failure)
    await world.set_clock(0.9 * HOUR)
    assert isinstance(await world.pool.acquire(ask()), Refusal)

    looked = await lease_at(world, 1.1 * HOUR)
    assert isinstance(await world.pool.acquire(ask()), Refusal)
    await settle(world, looked, failure)
    await world.set_clock(2.0 * HOUR)
    assert isinstance(await world.pool.acquire(ask()), Refusal)

    looked = await lease_at(world, 2.2 * HOUR)
    await settle(world, looked)
    for seconds in (1, 2, 3):
        await settle(world, await lease_at(world, 2.2 * HOUR + seconds))


async def test_one_failure_is_not_the_outage_of_hours_ago(world_of):
    world = await world_of({"one": Project(60), "two": Project(60)}, rpm=60)
    only = frozenset({"two-key-0"})
    await settle(world, await lease_at(world, 0.0, exclude=frozenset({"one-key-0"})))
    await settle(world, await lease_at(world, 1.0, exclude=only))
    for times in range(5):
        await settle(world, await lease_at(world, 2.0 + times, exclude=only), OVERLOADED)
    # The probe's caller goes away, so nobody hears whether the outage is over.
    probe = await lease_at(world, 40.0, exclude=only)
    await world.set_clock(42.0)
    await settle(world, probe, CANCELLED)
    await settle(world, await lease_at(world, 3 * HOUR, exclude=only), OVERLOADED)
    await lease_at(world, 3 * HOUR + 1, exclude=only)


async def test_a_lease_that_was_not_used_costs_nothing_of_the_day(world_of):
    world = await world_of({"one": Project(10)}, rpm=10, rpd=2)
    for times in range(5):
        lease = await lease_at(world, 5.0 * times)
        await world.pool.release(lease.id, MODEL)
    await settle(world, await lease_at(world, 30.0))


async def test_budget_set_aside_before_midnight_is_not_owed_to_the_next_day(world_of, monkeypatch):
    world = await world_of({"one": Project(1000)}, rpm=1000)
    keys = [ApiKey("key", SecretStr("one"), "one")]
    ring = KeyRing(keys, {MODEL: {"rpm": 1000, "tpm": 10_000_000, "rpd": 1_000_000}})
    rules = PoolRules(user_daily_micro_usd=100)
    world.pool = RedisPool(LoopScoped(lambda: world.redis), ring, rules, clock=CLOCK)
    real = RedisPool._keys
    day = "2026-11-24"

    def keys_of(self: RedisPool, *names: str | None) -> list[str]:
        made = real(self, *names)
        return [f"{{gemini}}:spent:{day}" if ":spent:" in name else name for name in made]

    monkeypatch.setattr(RedisPool, "_keys", keys_of)
    lease = await lease_at(world, 0.0, user="anna", cost_micro_usd=100)
    day = "2026-11-25"
    await world.set_clock(1.0)
    await settle(world, lease)
    await lease_at(world, 2.0, user="anna", cost_micro_usd=90)
    refused = await world.pool.acquire(ask(user="anna", cost_micro_usd=50))
    assert isinstance(refused, Refusal)
    assert refused.kind == "budget"


async def test_chats_that_were_refused_hold_up_nobody(world_of):
    world = await world_of({"one": Project(10), "two": Project(10)}, rpm=10, probing=False)
    await world.run([Caller(n) for n in range(20)], until=3.0)
    await world.set_clock(4.0)
    for number in range(40):
        with pytest.raises(Refused):
            await Admission(world.pool).admit(
                ask(lane=Lane.CHAT, user=f"reader-{number}"), Waited()
            )
    end = await world.run([Caller(100 + n, user="author", starts=5.0) for n in range(40)])
    # The floor: two every six seconds.
    assert end <= 1.1 * 121
