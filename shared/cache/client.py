"""The Valkey client of one Lambda environment."""

from functools import lru_cache

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.config import get_settings


@lru_cache
def get_cache() -> Redis:
    """The client of this process. Calls fail within a second where Valkey is gone."""
    return Redis.from_url(
        get_settings().redis_url,
        decode_responses=True,
        socket_timeout=1.0,
        socket_connect_timeout=0.5,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),
    )
