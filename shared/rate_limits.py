"""Rate limits: a fixed window a subject, counted in Valkey."""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from redis import Redis
from redis.exceptions import RedisError

from shared.cache.client import get_cache
from shared.errors import TooManyRequests
from shared.observability import get_logger

_LOCAL_KEYS = 10_000
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
"""


@dataclass(frozen=True)
class RateLimit:
    """At most `limit` requests in each `window` seconds."""

    name: str
    limit: int
    window: int

    def key(self, subject: str) -> str:
        """What the requests of `subject` are counted under."""
        return f"rate:{self.name}:{subject}"


class Counter(Protocol):
    """Counts hits of a key within a window; returns the count and the seconds left."""

    def hit(self, key: str, window: int) -> tuple[int, int]: ...

    def forget(self, key: str) -> None: ...


class ValkeyCounter:
    """Counts for all processes together, and for this one alone while Valkey is gone."""

    def __init__(self, cache: Redis) -> None:
        self._cache = cache
        self._script = cache.register_script(_COUNT)
        self._local: dict[str, tuple[int, float]] = {}

    def hit(self, key: str, window: int) -> tuple[int, int]:
        """Count one hit of `key`."""
        try:
            count, left = self._script(keys=[key], args=[window])
        except RedisError:
            get_logger().warning("rate limits are counted locally: cache lost")
            return self._hit_locally(key, window)
        return int(count), max(int(left), 1)

    def forget(self, key: str) -> None:
        """Start counting `key` anew."""
        self._local.pop(key, None)
        try:
            self._cache.delete(key)
        except RedisError:
            get_logger().warning("rate limits are counted locally: cache lost")

    def _hit_locally(self, key: str, window: int) -> tuple[int, int]:
        now = time.monotonic()
        if len(self._local) >= _LOCAL_KEYS:
            self._local = {key: value for key, value in self._local.items() if value[1] > now}
        count, ends = self._local.get(key, (0, now + window))
        if ends <= now:
            count, ends = 0, now + window
        self._local[key] = (count + 1, ends)
        return count + 1, max(int(ends - now), 1)


@lru_cache
def get_counter() -> Counter:
    """The counter of this process."""
    return ValkeyCounter(get_cache())


def enforce(counter: Counter, rate: RateLimit, subject: str) -> None:
    """Count one request of `subject`. Raises TooManyRequests past the limit."""
    count, left = counter.hit(rate.key(subject), rate.window)
    if count > rate.limit:
        raise TooManyRequests(
            f"At most {rate.limit} such requests in {rate.window} seconds.",
            retry_after=left,
            limit=rate.limit,
            window=rate.window,
            policy=rate.name,
        )
