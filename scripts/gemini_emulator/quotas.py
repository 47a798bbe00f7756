"""Quotas per project and model: requests and input tokens a minute, requests a day.

Two shapes of the per-minute limits: a token bucket that starts full and refills evenly, and a
sliding window over the last 60 seconds. A refused request costs nothing.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

MINUTE = 60.0
Admission = Literal["token_bucket", "sliding_window"]
Dimension = Literal["requests_per_minute", "tokens_per_minute", "requests_per_day"]


@dataclass(frozen=True, slots=True)
class QuotaLimits:
    """None is unlimited; 0 is Google's "limit: 0", a model this project may not use at all."""

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    dimension: Dimension
    limit: int
    wait_seconds: float


class QuotaExceeded(Exception):
    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("quota exceeded")
        self.violations = violations


class Meter(Protocol):
    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` would be admitted; 0 admits it now."""

    def take(self, amount: float, now: float) -> None: ...


class TokenBucket:
    def __init__(self, limit: int) -> None:
        self.capacity = float(limit)
        self.level = float(limit)
        self.updated: float | None = None

    def _refill(self, now: float) -> None:
        if self.updated is not None:
            grown = (now - self.updated) * self.capacity / MINUTE
            self.level = min(self.capacity, self.level + grown)
        self.updated = now

    def wait(self, amount: float, now: float) -> float:
        self._refill(now)
        missing = amount - self.level
        if missing <= 1e-9:
            return 0.0
        return min(MINUTE, missing * MINUTE / self.capacity) if self.capacity else MINUTE

    def take(self, amount: float, now: float) -> None:
        self._refill(now)
        self.level -= amount


class SlidingWindow:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken: deque[tuple[float, float]] = deque()
        self.sum = 0.0

    def _forget(self, now: float) -> None:
        while self.taken and self.taken[0][0] <= now - MINUTE:
            self.sum -= self.taken.popleft()[1]

    def wait(self, amount: float, now: float) -> float:
        self._forget(now)
        excess = self.sum + amount - self.limit
        if excess <= 0:
            return 0.0
        for at, taken in self.taken:
            excess -= taken
            if excess <= 0:
                return at + MINUTE - now
        return MINUTE

    def take(self, amount: float, now: float) -> None:
        self._forget(now)
        self.taken.append((now, amount))
        self.sum += amount


def pacific_date(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, ZoneInfo("America/Los_Angeles")).date().isoformat()


METERS: dict[Admission, Callable[[int], Meter]] = {
    "token_bucket": TokenBucket,
    "sliding_window": SlidingWindow,
}


@dataclass
class Account:
    """What one project has used of one model."""

    limits: QuotaLimits
    admission: Admission
    requests: Meter | None = field(init=False)
    tokens: Meter | None = field(init=False)
    day: str = ""
    used_today: int = 0

    def __post_init__(self) -> None:
        meter = METERS[self.admission]
        self.requests = None if self.limits.rpm is None else meter(self.limits.rpm)
        self.tokens = None if self.limits.tpm is None else meter(self.limits.tpm)

    def admit(self, tokens: int, now: float, today: Callable[[], str]) -> None:
        violations = [*self._minute_violations(tokens, now), *self._day_violations(today)]
        if violations:
            raise QuotaExceeded(violations)
        if self.requests:
            self.requests.take(1, now)
        if self.tokens:
            self.tokens.take(tokens, now)
        self.used_today += 1

    def _minute_violations(self, tokens: int, now: float) -> list[Violation]:
        found: list[Violation] = []
        if self.requests and self.limits.rpm is not None:
            wait = self.requests.wait(1, now)
            if wait > 0:
                found.append(Violation("requests_per_minute", self.limits.rpm, wait))
        if self.tokens and self.limits.tpm is not None:
            wait = self.tokens.wait(tokens, now)
            if wait > 0:
                found.append(Violation("tokens_per_minute", self.limits.tpm, wait))
        return found

    def _day_violations(self, today: Callable[[], str]) -> list[Violation]:
        if self.limits.rpd is None:
            return []
        date = today()
        if date != self.day:
            self.used_today = self.used_today if not self.day else 0
            self.day = date
        if self.used_today < self.limits.rpd:
            return []
        return [Violation("requests_per_day", self.limits.rpd, MINUTE)]


class QuotaLedger:
    """Accounts made on first use from the most specific limits; `*` stands for any."""

    def __init__(self, default: QuotaLimits, admission: Admission) -> None:
        self.admission: Admission = admission
        self.limits: dict[tuple[str, str], QuotaLimits] = {("*", "*"): default}
        self.accounts: dict[tuple[str, str], Account] = {}
        self._used_today: dict[tuple[str, str], int] = {}

    def set_limits(
        self, project: str, model: str, limits: QuotaLimits, used_today: int = 0
    ) -> None:
        """Replace limits and start the accounts they hold for afresh."""
        self.limits[project, model] = limits
        self._used_today[project, model] = used_today
        for key in list(self.accounts):
            if project in ("*", key[0]) and model in ("*", key[1]):
                del self.accounts[key]

    def set_admission(self, admission: Admission) -> None:
        self.admission = admission
        self.accounts.clear()

    def account(self, project: str, model: str) -> Account:
        found = self.accounts.get((project, model))
        if found is None:
            found = self._open(project, model)
            self.accounts[project, model] = found
        return found

    def _open(self, project: str, model: str) -> Account:
        for rule in ((project, model), (project, "*"), ("*", model), ("*", "*")):
            if rule in self.limits:
                account = Account(self.limits[rule], self.admission)
                account.used_today = self._used_today.get(rule, 0)
                return account
        raise LookupError("no default limits")
