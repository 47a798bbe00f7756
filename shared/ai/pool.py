"""The key pool's port: asking for a lease on a key, and telling what came of it."""

from dataclasses import dataclass, field
from typing import Protocol

from shared.ai.error_table import Effect, Failure
from shared.ai.interface import Lane, Usage


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A wish for one call. `holder` owns the slots that are kept while it is away."""

    model: str
    lane: Lane
    user: str
    holder: str
    tokens: int
    cost_micro_usd: int
    max_wait_seconds: float
    hold_seconds: float
    exclude: frozenset[str] = field(default_factory=frozenset)
    claim: str | None = None
    is_hedge: bool = False


@dataclass(frozen=True)
class Lease:
    """The right to make one call with this key now."""

    id: str
    model: str
    alias: str
    project: str
    straggles_after_seconds: float | None = None


@dataclass(frozen=True)
class Wait:
    """A kept place: ask again with `claim` after these seconds."""

    claim: str
    seconds: float
    reason: str


@dataclass(frozen=True)
class Refusal:
    """No lease within the wait that was allowed. `seconds` is when it is worth asking again."""

    kind: str
    seconds: float = 0.0
    reason: str = ""
    claim: str | None = None


Decision = Lease | Wait | Refusal


@dataclass(frozen=True)
class Outcome:
    """How a leased call ended; no failure means success."""

    usage: Usage
    cost_micro_usd: int
    latency_seconds: float
    failure: Failure | None = None
    lag_seconds: float | None = None

    @property
    def effect(self) -> Effect:
        return self.failure.effect if self.failure else Effect.SUCCESS


class KeyPool(Protocol):
    """Decides which key serves which call, and when."""

    async def acquire(self, ask: Ask) -> Decision:
        """One atomic decision."""
        ...

    async def settle(self, lease: Lease, outcome: Outcome) -> None:
        """Gives a lease back. Never raises: a lost lease expires by itself."""
        ...

    async def release(self, claim: str, model: str) -> None:
        """Gives up a place that was kept and will not be used."""
        ...
