"""Whatever callers do in whatever order: no known quota is broken, no lease leaks, all get on."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from simulation import MODEL, Project, build_world

from shared.ai.error_table import MALFORMED, NOT_CONNECTED, TIMED_OUT
from shared.ai.interface import Lane, Usage
from shared.ai.pool import Ask, Lease, Outcome, Wait

HOLD_SECONDS = 30.0
# The guard against late arrival is at least 0.3 s; callers here are late by at most 0.2 s.
LATEST_ARRIVAL = 0.2
# What a caller can't tell of that: the way of the bytes to the server.
LONGEST_WAY = 0.14


@dataclass
class Under:
    """A call under way: when it arrives, what it carries."""

    lease: Lease
    tokens: int
    sent_at: float
    arrived: bool = False
    lag: float = 0.0


class PoolMachine(RuleBasedStateMachine):
    """Callers that ask, wait, send, answer, fail, vanish; and a Google that counts."""

    redis_url = ""
    window = False
    outages = False
    counts_failures = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world: Any = None
        self.waiting: list[tuple[str, float, Ask]] = []
        self.running: list[Under] = []
        self.vanished = 0

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(
        keys=st.tuples(st.integers(1, 3), st.integers(1, 2)),
        rpm=st.integers(2, 12),
        tpm=st.sampled_from([5_000, 20_000, 1_000_000]),
        rpd=st.sampled_from([10, 1_000]),
        seed=st.integers(0, 100),
    )
    def begin(self, keys, rpm, tpm, rpd, seed) -> None:
        projects, keys_each = keys
        made = {
            f"p{n}": Project(
                rpm, tpm, rpd, window=self.window, counts_failures=self.counts_failures
            )
            for n in range(projects)
        }
        self.rpm, self.tpm = rpm, tpm
        self.dice = random.Random(seed)
        self.world = self.run(
            build_world(
                self.redis_url,
                made,
                rpm=rpm,
                tpm=tpm,
                rpd=rpd,
                keys_each=keys_each,
                probing=False,
            )
        )

    @rule(
        lane=st.sampled_from(list(Lane)),
        user=st.sampled_from(["", "anna", "ben", "cleo"]),
        tokens=st.sampled_from([100, 1_000, 4_000]),
        patience=st.sampled_from([0.0, 2.0, 120.0]),
        count=st.integers(1, 12),
    )
    def ask(self, lane, user, tokens, patience, count) -> None:
        ask = Ask(
            model=MODEL,
            lane=lane,
            user=user,
            holder=user,
            tokens=tokens,
            cost_micro_usd=0,
            max_wait_seconds=patience,
            hold_seconds=HOLD_SECONDS,
        )
        for _ in range(count):
            self.take(ask, self.run(self.world.pool.acquire(ask)))

    def take(self, ask: Ask, decision: Any) -> None:
        if isinstance(decision, Lease):
            self.running.append(Under(decision, ask.tokens, self.world.now))
        elif isinstance(decision, Wait):
            self.waiting.append((decision.claim, self.world.now + decision.seconds, ask))

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 100))
    def come_back(self, which) -> None:
        """Some caller asks again, in time, too early or too late."""
        claim, _, ask = self.waiting.pop(which % len(self.waiting))
        again = Ask(**{**ask.__dict__, "claim": claim})
        self.take(ask, self.run(self.world.pool.acquire(again)))

    @rule(seconds=st.sampled_from([0.05, 0.5, 3.0, 20.0, 61.0]))
    def time_passes(self, seconds) -> None:
        self.arrivals(self.world.now + min(seconds, LATEST_ARRIVAL))
        self.run(self.world.set_clock(self.world.now + seconds))

    def arrivals(self, latest: float) -> None:
        """What was granted arrives within the lag, in any order; Google counts it."""
        due = [call for call in self.running if not call.arrived]
        self.dice.shuffle(due)
        moments = sorted(self.dice.uniform(self.world.now, latest) for _ in due)
        for call, moment in zip(due, moments, strict=True):
            call.arrived = True
            call.lag = max(0.0, moment - call.sent_at - LONGEST_WAY)
            failure = self.world.projects[call.lease.project].answer(moment, call.tokens)
            if failure is not None:
                self.world.failures[failure.kind] += 1
                self.settle(call, failure)

    @precondition(lambda self: self.outages)
    @rule(seconds=st.sampled_from([0.3, 2.0, 10.0]), everywhere=st.booleans())
    def an_outage_begins(self, seconds, everywhere) -> None:
        made = list(self.world.projects.values())
        for project in made if everywhere else made[:1]:
            project.outage = (self.world.now, self.world.now + seconds)

    @precondition(lambda self: any(call.arrived for call in self.running))
    @rule(
        which=st.integers(0, 100),
        end=st.sampled_from(["ok", "ok", "ok", "malformed", "timeout", "transport", "vanish"]),
        share=st.sampled_from([0.2, 1.0]),
    )
    def ends(self, which, end, share) -> None:
        arrived = [call for call in self.running if call.arrived]
        call = arrived[which % len(arrived)]
        if end == "vanish":
            self.running.remove(call)
            self.vanished += 1
            return
        failures = {"malformed": MALFORMED, "timeout": TIMED_OUT, "transport": NOT_CONNECTED}
        self.settle(call, failures.get(end), Usage(prompt_tokens=call.tokens))

    def settle(self, call: Under, failure: Any, usage: Usage | None = None) -> None:
        self.running.remove(call)
        outcome = Outcome(usage or Usage(), 0, 0.5, failure, call.lag)
        self.run(self.world.pool.settle(call.lease, outcome))

    @invariant()
    def no_known_quota_was_broken(self) -> None:
        if self.world is None:
            return
        failures = self.world.failures.items()
        refused = {kind: n for kind, n in failures if kind not in ("key_invalid", "overloaded")}
        # How a server counts is found out by one call; that one may be refused. So may be the few
        # that find out whether failed calls count.
        allowed = (1 if self.window else 0) + (4 if self.counts_failures else 0)
        assert sum(refused.values()) <= allowed, refused

    def teardown(self) -> None:
        if self.world is None:
            self.loop.close()
            return
        try:
            self.arrivals(self.world.now + LATEST_ARRIVAL)
            self.run(self.nothing_leaks_and_all_get_on())
        finally:
            self.run(self.world.close())
            self.run(asyncio.sleep(0))
            self.loop.close()

    async def nothing_leaks_and_all_get_on(self) -> None:
        # Everybody crashes; then one more caller comes, and gets its turn.
        await self.world.set_clock(self.world.now + HOLD_SECONDS + 2 * 86_400)
        ask = Ask(
            model=MODEL,
            lane=Lane.GENERATION,
            user="last",
            holder="last",
            tokens=100,
            cost_micro_usd=0,
            max_wait_seconds=0,
            hold_seconds=HOLD_SECONDS,
        )
        for _ in range(40):
            decision = await self.world.pool.acquire(ask)
            if isinstance(decision, Lease):
                break
            await self.world.set_clock(self.world.now + max(0.05, decision.seconds))
        assert isinstance(decision, Lease)
        await self.world.pool.settle(decision, Outcome(Usage(), 0, 0.5))
        await self.world.set_clock(self.world.now + 86_400)
        # Reaping takes fifty crashed leases with each decision.
        for _ in range(20):
            await self.world.pool.picture([MODEL])
            lease = await self.world.pool.acquire(ask)
            if isinstance(lease, Lease):
                await self.world.pool.settle(lease, Outcome(Usage(), 0, 0.5))
            await self.world.set_clock(self.world.now + 120)
        assert await self.world.redis.hlen("{gemini}:leases") == 0
        assert await self.world.redis.zcard("{gemini}:expiry") == 0
        picture = await self.world.pool.picture([MODEL])
        assert all(bucket["inflight"] == 0 for bucket in picture["buckets"])
        assert all(bucket["waiting"] == 0 for bucket in picture["buckets"])
        assert all(key["inflight"] == 0 for key in picture["keys"].values())


@pytest.mark.timeout(280)
@pytest.mark.parametrize(
    "nature",
    [
        {"window": False},
        {"window": True},
        {"window": False, "outages": True},
        {"window": True, "outages": True},
        {"window": True, "outages": True, "counts_failures": True},
    ],
    ids=[
        "token bucket",
        "sliding window",
        "token bucket with outages",
        "sliding window with outages",
        "sliding window that counts failed calls",
    ],
)
def test_any_interleaving_keeps_quotas_leases_and_progress(redis_url, nature):
    machine = type("Machine", (PoolMachine,), {"redis_url": redis_url, **nature})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_call_that_a_window_just_had_room_for_again_proves_no_steady_refill(redis_url):
    """One interleaving: the pool counts by seconds, so the first calls left the window unseen."""
    machine = type("Machine", (PoolMachine,), {"redis_url": redis_url, "window": True})()
    machine.begin(keys=(2, 1), rpm=3, tpm=5000, rpd=10, seed=0)
    for count, seconds in [(2, 20.0), (0, 20.0), (3, 20.0), (2, 3.0), (3, 0.05)]:
        if count:
            machine.ask(lane=Lane.CHAT, user="", tokens=100, patience=0.0, count=count)
        machine.time_passes(seconds=seconds)
    machine.no_known_quota_was_broken()
    machine.teardown()
