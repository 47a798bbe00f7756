"""A made-up Google and many callers, on a clock that a test turns: days of traffic in seconds."""

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pydantic import SecretStr
from redis.asyncio import Redis

from shared.ai.error_table import Failure, classify
from shared.ai.interface import Lane, Usage
from shared.ai.keyring import KeyRing
from shared.ai.keys import ApiKey
from shared.ai.loop_scoped import LoopScoped
from shared.ai.pool import Ask, Lease, Outcome, Refusal, Wait
from shared.ai.provider_error import ProviderError, Violation
from shared.ai.redis_pool import PoolRules, RedisPool

MODEL = "gemini-test"
CLOCK = (
    "local function server_milliseconds() return tonumber(redis.call('GET', '{gemini}:now')) end"
)
MIDDAY = 1_795_000_000_000


@dataclass
class Bucket:
    """A token bucket that starts full, or a window over the last 60 s."""

    limit: float
    window: bool
    level: float = -1.0
    updated: float = 0.0
    taken: deque[tuple[float, float]] = field(default_factory=deque)

    def admit(self, now: float, amount: float = 1.0) -> float:
        """0 and the amount is taken, or the seconds until there is room for it."""
        if self.window:
            while self.taken and self.taken[0][0] <= now - 60:
                self.taken.popleft()
            excess = sum(size for _, size in self.taken) + amount - self.limit
            if excess <= 1e-6:
                self.taken.append((now, amount))
                return 0.0
            for at, size in self.taken:
                excess -= size
                if excess <= 1e-6:
                    return at + 60 - now
            return 60.0
        if self.level < 0:
            self.level = self.limit
        else:
            grown = self.level + (now - self.updated) * self.limit / 60
            self.level = min(self.limit, grown)
        self.updated = now
        if self.level + 1e-6 >= amount:
            self.level -= amount
            return 0.0
        return min(60.0, (amount - self.level) * 60 / self.limit)


@dataclass
class Project:
    """What Google would know of one project; limits are the true ones."""

    rpm: float
    tpm: float = 10_000_000
    rpd: int = 1_000_000
    window: bool = False
    dead: bool = False
    disabled: tuple[float, float] = (0.0, 0.0)
    latency: float = 1.0
    outage: tuple[float, float] = (0.0, 0.0)
    counts_failures: bool = False
    fails_in: float = 0.1
    names_limits: bool = True
    used: int = 0
    requests: Bucket = field(init=False)
    tokens: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.requests = Bucket(self.rpm, self.window)
        self.tokens = Bucket(self.tpm, self.window)

    def answer(self, now: float, tokens: int) -> Failure | None:
        if self.dead or self.disabled[0] <= now < self.disabled[1]:
            return classify(self._barred())
        if self.outage[0] <= now < self.outage[1]:
            if self.counts_failures:
                self.requests.admit(now)
            return classify(ProviderError(503, "UNAVAILABLE", "The model is overloaded."))
        if self.used >= self.rpd:
            return self._refusal("GenerateRequestsPerDayPerProjectPerModel", self.rpd, 7.0)
        if wait := self.requests.admit(now):
            return self._refusal("GenerateRequestsPerMinutePerProject", int(self.rpm), wait)
        if wait := self.tokens.admit(now, tokens):
            return self._refusal("GenerateContentInputTokensPerMinute", int(self.tpm), wait)
        self.used += 1
        return None

    def _barred(self) -> ProviderError:
        if self.dead:
            return ProviderError(400, "INVALID_ARGUMENT", "API key not valid.")
        return ProviderError(403, "PERMISSION_DENIED", reason="SERVICE_DISABLED", is_googles=True)

    def _refusal(self, quota_id: str, limit: int, wait: float) -> Failure:
        if not self.names_limits:
            return classify(ProviderError(429, "RESOURCE_EXHAUSTED", "Resource exhausted"))
        violation = Violation(quota_id, "", limit)
        return classify(
            ProviderError(429, "RESOURCE_EXHAUSTED", violations=(violation,), retry_seconds=wait)
        )


@dataclass
class Caller:
    """One request that wants an answer; `done_at` when it has it."""

    name: int
    lane: Lane = Lane.GENERATION
    user: str = ""
    tokens: int = 1000
    starts: float = 0.0
    patience: float = 2.0
    done_at: float | None = None
    decisions: int = 0
    excluded: frozenset[str] = frozenset()
    claim: str | None = None
    entered: float | None = None


class World:
    """Runs callers against projects through a real pool on a real Valkey."""

    def __init__(
        self, redis: Redis, pool: RedisPool, projects: dict[str, Project], seed: int = 1
    ) -> None:
        self.redis, self.pool, self.projects = redis, pool, projects
        self.random = random.Random(seed)
        self.now = 0.0
        self.sent = 0
        self.failures: Counter[str] = Counter()
        self.first_seen: dict[str, float] = {}
        self.per_user: dict[str, list[float]] = {}
        self._queue: list[tuple[float, int, Callable[[], Awaitable[None]]]] = []
        self._order = itertools.count()

    def at(self, moment: float, action: Callable[[], Awaitable[None]]) -> None:
        heapq.heappush(self._queue, (moment, next(self._order), action))

    async def set_clock(self, moment: float) -> None:
        self.now = max(self.now, moment)
        await self.redis.set("{gemini}:now", str(MIDDAY + round(self.now * 1000)))

    async def run(self, callers: list[Caller], until: float = 4000.0) -> float:
        """Until all have their answers or time is up. Returns the moment of the last answer."""
        for caller in callers:
            self.at(caller.starts, lambda caller=caller: self._ask(caller))
        while self._queue and self._queue[0][0] <= until:
            moment, _, action = heapq.heappop(self._queue)
            await self.set_clock(moment)
            await action()
        return max((caller.done_at or until) for caller in callers)

    async def close(self) -> None:
        await self.redis.aclose()

    async def _ask(self, caller: Caller) -> None:
        caller.entered = self.now if caller.entered is None else caller.entered
        caller.decisions += 1
        left = max(0.0, caller.entered + caller.patience - self.now)
        decision = await self.pool.acquire(
            Ask(
                model=MODEL,
                lane=caller.lane,
                user=caller.user,
                holder=caller.user or "job",
                tokens=caller.tokens,
                cost_micro_usd=1,
                max_wait_seconds=left,
                hold_seconds=75,
                exclude=caller.excluded,
                claim=caller.claim,
            )
        )
        caller.claim = None
        match decision:
            case Lease():
                await self._send(caller, decision)
            case Wait():
                caller.claim = decision.claim
                self.at(self.now + decision.seconds, lambda: self._ask(caller))
            case Refusal():
                caller.entered, caller.excluded = None, frozenset()
                pause = max(0.05, decision.seconds) + self.random.uniform(0, 0.05)
                self.at(self.now + pause, lambda: self._ask(caller))

    async def _send(self, caller: Caller, lease: Lease) -> None:
        lag, way = self.random.uniform(0.0, 0.1), self.random.uniform(0.0, 0.1)

        async def arrive() -> None:
            self.sent += 1
            project = self.projects[lease.project]
            failure = project.answer(self.now, caller.tokens)
            latency = project.latency * self.random.lognormvariate(0, 0.3)
            if failure:
                latency = 0.1 if failure.is_refusal else project.fails_in
            self.at(
                self.now + latency, lambda: self._answered(caller, lease, failure, latency, lag)
            )

        self.at(self.now + lag + way, arrive)

    async def _answered(
        self, caller: Caller, lease: Lease, failure: Failure | None, latency: float, lag: float
    ) -> None:
        usage = Usage() if failure else Usage(caller.tokens, 10)
        await self.pool.settle(lease, Outcome(usage, 0, latency, failure, lag))
        if failure is None:
            caller.done_at = self.now
            self.per_user.setdefault(caller.user, []).append(self.now)
            return
        self.failures[failure.kind] += 1
        caller.excluded |= {lease.alias}
        caller.entered = None
        self.at(self.now, lambda: self._ask(caller))


async def build_world(
    redis_url: str,
    projects: dict[str, Project],
    *,
    rpm: float,
    tpm: int = 10_000_000,
    rpd: int = 1_000_000,
    keys_each: int = 1,
    probing: bool = True,
    seed: int = 1,
) -> World:
    """An empty Valkey, a pool with these configured limits, and a clock that stands at 0."""
    redis = Redis.from_url(redis_url, decode_responses=True)
    await redis.flushall()
    keys = [
        ApiKey(f"{project}-key-{number}", SecretStr(f"{project}-{number}"), project)
        for project in projects
        for number in range(keys_each)
    ]
    ring = KeyRing(keys, {MODEL: {"rpm": rpm, "tpm": tpm, "rpd": rpd}})
    rules = PoolRules(probe_quotas=probing)
    chance = random.Random(seed)
    pool = RedisPool(LoopScoped(lambda: redis), ring, rules, clock=CLOCK, chance=chance)
    world = World(redis, pool, projects, seed)
    await world.set_clock(0)
    return world
