"""Without Redis: a strict share of each quota, and back again when it returns."""

from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisConnectionError

from shared.ai.error_table import NOT_CONNECTED, TIMED_OUT, Effect, Failure, Next
from shared.ai.failover_pool import RETRY_SECONDS, FailoverPool
from shared.ai.interface import Lane, Usage
from shared.ai.keyring import KeyRing
from shared.ai.keys import ApiKey
from shared.ai.local_pool import LocalPool
from shared.ai.pool import Ask, Lease, Outcome, Refusal, Wait

REFUSED = Failure("quota_unnamed", Effect.COOL, Next.OTHER_KEY, 429)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def ring(keys: int = 1, **quota) -> KeyRing:
    made = [ApiKey(f"k{n}", SecretStr(f"v{n}"), f"p{n}") for n in range(keys)]
    return KeyRing(made, {"m": {"rpm": 60, "tpm": 1_000_000, "rpd": 100_000} | quota})


def ask(wait: float = 0.0, tokens: int = 10, **more) -> Ask:
    return Ask(
        model="m",
        lane=Lane.CHAT,
        user="",
        holder="",
        tokens=tokens,
        cost_micro_usd=0,
        max_wait_seconds=wait,
        hold_seconds=60,
        **more,
    )


async def test_only_the_share_is_used():
    clock = Clock()
    pool = LocalPool(ring(), 0.1, clock=clock)
    leases = 0
    for _ in range(6000):
        leases += isinstance(await pool.acquire(ask()), Lease)
        clock.now += 0.1
    assert leases <= 6 * 10 + 6


async def test_tokens_are_shared_as_strictly():
    clock = Clock()
    pool = LocalPool(ring(tpm=6_000), 0.1, clock=clock)
    leases = 0
    for _ in range(600):
        leases += isinstance(await pool.acquire(ask(tokens=100)), Lease)
        clock.now += 1
    assert leases <= 61


async def test_the_day_is_shared_too():
    clock = Clock()
    pool = LocalPool(ring(rpd=50), 0.1, clock=clock)
    leases = 0
    for _ in range(100):
        leases += isinstance(await pool.acquire(ask()), Lease)
        clock.now += 60
    assert leases == 5


async def test_a_waiter_keeps_its_place():
    clock = Clock()
    pool = LocalPool(ring(), 1 / 60, clock=clock)
    assert isinstance(await pool.acquire(ask()), Lease)
    first = await pool.acquire(ask(wait=200))
    second = await pool.acquire(ask(wait=200))
    assert isinstance(first, Wait)
    assert isinstance(second, Wait)
    assert second.seconds > first.seconds + 50
    clock.now += first.seconds
    assert isinstance(await pool.acquire(ask(wait=200, claim=first.claim)), Lease)


async def test_dead_keys_and_refusals_are_remembered():
    clock = Clock()
    pool = LocalPool(ring(keys=2), 0.5, clock=clock)
    lease = await pool.acquire(ask())
    dead = Failure("key_invalid", Effect.KILL_KEY, Next.OTHER_KEY, 400)
    await pool.settle(lease, Outcome(Usage(), 0, 0.1, dead))
    other = await pool.acquire(ask())
    assert other.alias != lease.alias
    busy = Failure("minute_quota", Effect.COOL, Next.OTHER_KEY, 429, "requests", 5, 30.0)
    await pool.settle(other, Outcome(Usage(), 0, 0.1, busy))
    refusal = await pool.acquire(ask())
    assert isinstance(refusal, Refusal)
    assert 29 < refusal.seconds <= 31


OVERLOADED = Failure("overloaded", Effect.FAIL_MODEL, Next.BACK_OFF, 503)
BUSY = Failure("minute_quota", Effect.COOL, Next.OTHER_KEY, 429, "requests", 5, 30.0)
NO_QUOTA = Failure("no_quota", Effect.DISABLE_BUCKET, Next.OTHER_KEY, 429)


async def test_one_failure_of_the_model_stops_nobody_for_a_minute():
    clock = Clock()
    pool = LocalPool(ring(), 0.5, clock=clock)
    pauses = []
    for _ in range(8):
        lease = await pool.acquire(ask())
        await pool.settle(lease, Outcome(Usage(), 0, 0.1, OVERLOADED))
        refusal = await pool.acquire(ask())
        assert isinstance(refusal, Refusal)
        pauses.append(refusal.seconds)
        clock.now += refusal.seconds
    assert pauses[0] <= 5
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
    await pool.settle(await pool.acquire(ask()), Outcome(Usage(), 0, 0.1))
    clock.now += 5
    await pool.settle(await pool.acquire(ask()), Outcome(Usage(), 0, 0.1, OVERLOADED))
    assert (await pool.acquire(ask())).seconds <= 5


async def test_a_request_that_every_key_refused_is_told_to_wait_and_then_served():
    clock = Clock()
    pool = LocalPool(ring(), 0.5, clock=clock)
    lease = await pool.acquire(ask())
    await pool.settle(lease, Outcome(Usage(), 0, 0.1, BUSY))
    tried = frozenset({lease.alias})
    refusal = await pool.acquire(ask(exclude=tried))
    assert (refusal.kind, round(refusal.seconds)) == ("saturated", 30)
    place = await pool.acquire(ask(wait=60, exclude=tried))
    assert isinstance(place, Wait)
    clock.now += place.seconds
    assert isinstance(await pool.acquire(ask(exclude=tried, claim=place.claim)), Lease)


async def test_a_key_that_just_failed_a_request_is_not_asked_again_at_once():
    pool = LocalPool(ring(), 0.5, clock=Clock())
    refusal = await pool.acquire(ask(exclude=frozenset({"k0"})))
    assert refusal.kind == "no_keys"


async def test_a_request_with_more_tokens_than_a_minute_allows_is_told_so():
    pool = LocalPool(ring(tpm=1_000), 0.5, clock=Clock())
    assert (await pool.acquire(ask(tokens=1_001))).kind == "too_large"


async def test_a_project_without_quota_is_left_alone_for_an_hour():
    clock = Clock()
    pool = LocalPool(ring(), 0.5, clock=clock)
    await pool.settle(await pool.acquire(ask()), Outcome(Usage(), 0, 0.1, NO_QUOTA))
    clock.now += 3500
    assert isinstance(await pool.acquire(ask()), Refusal)
    clock.now += 101
    assert isinstance(await pool.acquire(ask()), Lease)


async def test_a_budget_is_still_kept():
    pool = LocalPool(ring(), 0.1, is_over_budget=lambda user: user == "rich")
    decision = await pool.acquire(Ask(**{**ask().__dict__, "user": "rich"}))
    assert decision == Refusal("budget")


class GoneRedis:
    """A shared pool whose Redis is away until a test brings it back."""

    def __init__(self) -> None:
        self.back = False
        self.asked = 0
        self.counted_anew: list[str] = []

    async def acquire(self, wanted: Ask):
        self.asked += 1
        if not self.back:
            raise RedisConnectionError
        return Lease("shared", "m", "k0", "p0")

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        if not self.back:
            raise RedisConnectionError

    async def release(self, claim: str, model: str) -> None: ...

    async def count_anew(self, user: str) -> None:
        if not self.back:
            raise RedisConnectionError
        self.counted_anew.append(user)


async def test_calls_go_on_without_redis_and_return_to_it():
    clock, shared = Clock(), GoneRedis()
    losses: list[str] = []
    pool = FailoverPool(shared, LocalPool(ring(), 0.5), clock, losses.append)
    lease = await pool.acquire(ask())
    assert isinstance(lease, Lease)
    assert pool.degraded
    await pool.acquire(ask())
    assert shared.asked == 1
    assert losses == ["m"]
    await pool.settle(lease, Outcome(Usage(), 0, 0.1))
    shared.back = True
    clock.now += RETRY_SECONDS
    assert (await pool.acquire(ask())).id == "shared"
    assert not pool.degraded


async def test_a_lost_connection_costs_a_few_seconds_and_a_refusal_a_minute():
    for failure, rest in ((NOT_CONNECTED, 5.0), (TIMED_OUT, 5.0), (REFUSED, 60.0)):
        clock = Clock()
        pool = LocalPool(ring(), 1.0, clock=clock)
        lease = await pool.acquire(ask())
        assert isinstance(lease, Lease)
        await pool.settle(lease, Outcome(Usage(), 0, 0.1, failure))
        refusal = await pool.acquire(ask())
        assert isinstance(refusal, Refusal)
        assert refusal.seconds == rest


async def test_what_was_spent_without_redis_is_counted_when_it_is_back():
    clock, shared = Clock(), GoneRedis()
    pool = FailoverPool(shared, LocalPool(ring(), 0.5, clock=clock), clock)

    async def acquire(user: str) -> Lease:
        return await pool.acquire(Ask(**{**ask().__dict__, "user": user}))

    shared.back = True
    begun_with_redis = await acquire("anna")
    shared.back = False
    begun_without = await acquire("bert")
    clock.now += 1
    unused = await acquire("carl")
    for lease in (begun_with_redis, begun_without):
        await pool.settle(lease, Outcome(Usage(), 7, 0.1))
    await pool.release(unused.id, unused.model)
    shared.back = True
    clock.now += RETRY_SECONDS
    for user in ("anna", "bert", "carl", "anna"):
        await pool.settle(await acquire(user), Outcome(Usage(), 7, 0.1))
    assert shared.counted_anew == ["anna", "bert"]
