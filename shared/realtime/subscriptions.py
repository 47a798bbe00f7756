"""Which connection follows which job and how far it has come; kept in Valkey.

`job:{id}:sockets` maps connection ids to the number of the last event sent, `socket:{id}:jobs` is
the other direction. Everything expires by itself: API Gateway ends a socket after two hours.
"""

import uuid
from typing import cast

from redis import Redis

SECONDS = 2 * 3600 + 300
_LOCK_MILLISECONDS = 10_000

_ADVANCE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 1 then
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
end
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 1 end
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
return 1
"""


class Subscriptions:
    """The subscriptions of all connections, and the right to deliver to one of them."""

    def __init__(self, cache: Redis) -> None:
        self._cache = cache
        self._advance = cache.register_script(_ADVANCE)
        self._release = cache.register_script(_RELEASE)

    def connect(self, connection_id: str, user_id: uuid.UUID) -> None:
        """Remember whose connection this is."""
        self._cache.set(f"socket:{connection_id}", str(user_id), ex=SECONDS)

    def user_of(self, connection_id: str) -> uuid.UUID | None:
        """The user of a connection, or None if it is unknown."""
        value = cast("str | None", self._cache.get(f"socket:{connection_id}"))
        return uuid.UUID(value) if value else None

    def disconnect(self, connection_id: str) -> None:
        """Forget a connection and all it followed."""
        jobs = cast("set[str]", self._cache.smembers(f"socket:{connection_id}:jobs"))
        with self._cache.pipeline() as pipe:
            for job_id in jobs:
                pipe.hdel(f"job:{job_id}:sockets", connection_id)
            pipe.delete(f"socket:{connection_id}", f"socket:{connection_id}:jobs")
            pipe.execute()

    def subscribe(self, connection_id: str, job_id: uuid.UUID, after: int) -> None:
        """Let the connection follow the job from the event after number `after`."""
        with self._cache.pipeline() as pipe:
            pipe.hset(f"job:{job_id}:sockets", connection_id, str(after))
            pipe.expire(f"job:{job_id}:sockets", SECONDS)
            pipe.sadd(f"socket:{connection_id}:jobs", str(job_id))
            pipe.expire(f"socket:{connection_id}:jobs", SECONDS)
            pipe.execute()

    def unsubscribe(self, connection_id: str, job_id: uuid.UUID) -> None:
        """Let the connection follow the job no longer."""
        with self._cache.pipeline() as pipe:
            pipe.hdel(f"job:{job_id}:sockets", connection_id)
            pipe.srem(f"socket:{connection_id}:jobs", str(job_id))
            pipe.execute()

    def jobs_of(self, connection_id: str) -> list[uuid.UUID]:
        """The jobs that a connection follows."""
        jobs = cast("set[str]", self._cache.smembers(f"socket:{connection_id}:jobs"))
        return [uuid.UUID(job) for job in jobs]

    def followers_of(self, job_id: uuid.UUID) -> list[str]:
        """The connections that follow a job."""
        return cast("list[str]", self._cache.hkeys(f"job:{job_id}:sockets"))

    def position(self, connection_id: str, job_id: uuid.UUID) -> int | None:
        """The last event sent, or None if the connection doesn't follow the job."""
        value = cast("str | None", self._cache.hget(f"job:{job_id}:sockets", connection_id))
        return int(value) if value is not None else None

    def want(self, connection_id: str, job_id: uuid.UUID) -> None:
        """Note that there is something new to deliver; whoever delivers now will see it."""
        key = _wanted_key(connection_id, job_id)
        with self._cache.pipeline() as pipe:
            pipe.incr(key)
            pipe.expire(key, SECONDS)
            pipe.execute()

    def wanted(self, connection_id: str, job_id: uuid.UUID) -> str:
        """A mark that changes with each `want`."""
        return str(self._cache.get(_wanted_key(connection_id, job_id)) or "0")

    def take(self, connection_id: str, job_id: uuid.UUID, owner: str) -> bool:
        """Take the right to deliver to this connection; it lapses after ten seconds."""
        key = _lock_key(connection_id, job_id)
        return bool(self._cache.set(key, owner, nx=True, px=_LOCK_MILLISECONDS))

    def advance(self, connection_id: str, job_id: uuid.UUID, owner: str, seq: int) -> bool:
        """Note that event `seq` was sent; False where the right to deliver has lapsed."""
        keys = [_lock_key(connection_id, job_id), f"job:{job_id}:sockets"]
        values: list[str | int] = [owner, _LOCK_MILLISECONDS, connection_id, seq]
        return bool(self._advance(keys=keys, args=values))

    def let_go(self, connection_id: str, job_id: uuid.UUID, owner: str, mark: str) -> bool:
        """Give the right up; False where something new was wanted since `mark`."""
        keys = [_lock_key(connection_id, job_id), _wanted_key(connection_id, job_id)]
        return bool(self._release(keys=keys, args=[owner, mark]))


def _lock_key(connection_id: str, job_id: uuid.UUID) -> str:
    return f"delivery:{connection_id}:{job_id}"


def _wanted_key(connection_id: str, job_id: uuid.UUID) -> str:
    return f"delivery:{connection_id}:{job_id}:wanted"
