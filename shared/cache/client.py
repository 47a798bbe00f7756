"""The Valkey client of one Lambda environment."""

from functools import lru_cache

from redis import Redis

from shared.cache.outage import RetryUnlessGone
from shared.config import get_settings


@lru_cache
def get_cache() -> Redis:
    """The client of this process. Calls fail within two seconds where Valkey is gone, then at once
    for a while.
    """
    return build_cache(get_settings().redis_url)


def build_cache(url: str) -> Redis:
    """A client of the Valkey there."""
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=1.0,
        socket_connect_timeout=0.5,
        health_check_interval=30,
        retry=RetryUnlessGone(),
    )
