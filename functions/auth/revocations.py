"""Tells every service through Valkey that sessions have ended, before their cached look-up does."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError

from shared.observability import get_logger
from shared.sessions import session_key


class ValkeyRevocations:
    """Notes ended sessions for as long as an access token of theirs may live."""

    def __init__(self, cache: Redis, access_lifetime: timedelta) -> None:
        self._cache = cache
        self._lifetime = access_lifetime

    def announce(self, session_ids: Sequence[uuid.UUID]) -> None:
        """Without Valkey a session ends everywhere once its look-up is 30 s old."""
        try:
            for session_id in session_ids:
                self._cache.set(session_key(session_id), "revoked", ex=self._lifetime)
        except RedisError:
            get_logger().warning("revocation not announced: cache lost")
