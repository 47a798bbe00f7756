"""How long a model takes: lognormal time to first token, then tokens at a drawn speed.

A draw depends only on the seed, the fingerprint of the request's content and how many times that
content was asked before. So a run repeats its draws whatever order requests arrive in, a retry or
a hedge of the same content draws anew, and `latency_scale` changes every draw by one factor.
"""

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist

STANDARD_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class LatencySettings:
    """Seconds are those of the real model; `scale` turns them into the emulator's."""

    scale: float = 1.0
    first_token_median: float = 0.8
    first_token_sigma: float = 0.5
    tokens_per_second: float = 150.0
    speed_sigma: float = 0.1
    rejection_seconds: float = 0.1
    embedding_seconds: float = 0.15

    def __post_init__(self) -> None:
        if self.scale < 0 or self.tokens_per_second <= 0 or self.first_token_median <= 0:
            raise ValueError("latency: scale >= 0, speed and median > 0")


@dataclass(frozen=True, slots=True)
class LatencyDraw:
    """Scaled seconds until the first token, and scaled seconds each output token takes."""

    first_token_seconds: float
    seconds_per_token: float

    def total_seconds(self, tokens: int) -> float:
        return self.first_token_seconds + tokens * self.seconds_per_token

    def slowed(self, factor: float, *, tokens_only: bool = False) -> "LatencyDraw":
        first = self.first_token_seconds * (1.0 if tokens_only else factor)
        return LatencyDraw(first, self.seconds_per_token * factor)


def uniform(*parts: object) -> float:
    """A number strictly between 0 and 1 that is a pure function of `parts`."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**64


def draw(settings: LatencySettings, seed: int, fingerprint: str, occurrence: int) -> LatencyDraw:
    first = STANDARD_NORMAL.inv_cdf(uniform(seed, fingerprint, occurrence, "first token"))
    speed = STANDARD_NORMAL.inv_cdf(uniform(seed, fingerprint, occurrence, "speed"))
    first_token = settings.first_token_median * math.exp(settings.first_token_sigma * first)
    tokens_per_second = settings.tokens_per_second * math.exp(settings.speed_sigma * speed)
    return LatencyDraw(first_token * settings.scale, settings.scale / tokens_per_second)
