"""Which connection follows which job and how far it has come; kept in Valkey.

`job:{id}:sockets` maps connection ids to the number of the last event sent, `socket:{id}:jobs` is
the other direction. Everything expires by itself: API Gateway ends a socket after two hours.
The braces around a job's id keep its keys in one slot of a clustered Valkey.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import cast

from redis import Redis

SECONDS = 2 * 3600 + 300
LOCK_SECONDS = 10.0

_ADVANCE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if redis.call('HGET', KEYS[2], ARGV[3]) ~= ARGV[4] then return 1 end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[5])
return 2
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class Advance(IntEnum):
    """What came of noting that an event was sent."""

    LOST = 0  # the right to deliver has lapsed
    MOVED = 1  # the connection asked for another position, or for none, meanwhile
    NOTED = 2


@dataclass(frozen=True)
class Connected:
    """Whose connection it is and the sign-in that it came from."""

    user_id: uuid.UUID
    session_id: uuid.UUID


class Subscriptions:
    """The subscriptions of all connections, and the right to deliver to one of them."""

    def __init__(self, cache: Redis, lock_seconds: float = LOCK_SECONDS) -> None:
        self._cache = cache
        self._lock_milliseconds = round(lock_seconds * 1000)
        self._advance = cache.register_script(_ADVANCE)
        self._renew = cache.register_script(_RENEW)
        self._release = cache.register_script(_RELEASE)

    def connect(self, connection_id: str, connected: Connected) -> None:
        """Remember whose connection this is."""
        value = f"{connected.user_id} {connected.session_id}"
        self._cache.set(f"socket:{connection_id}", value, ex=SECONDS)

    def connected(self, connection_id: str) -> Connected | None:
        """Whose connection this is, or None if it is unknown."""
        value = cast("str | None", self._cache.get(f"socket:{connection_id}"))
        if value is None:
            return None
        user_id, _, session_id = value.partition(" ")
        return Connected(uuid.UUID(user_id), uuid.UUID(session_id))

    def disconnect(self, connection_id: str) -> None:
        """Forget a connection and all it followed."""
        jobs = cast("set[str]", self._cache.smembers(_jobs_key(connection_id)))
        with self._cache.pipeline(transaction=False) as pipe:
            for job_id in jobs:
                pipe.hdel(_sockets_key(job_id), connection_id)
            pipe.delete(f"socket:{connection_id}")
            pipe.delete(_jobs_key(connection_id))
            pipe.delete(_frames_key(connection_id))
            pipe.execute()

    def subscribe(self, connection_id: str, job_id: uuid.UUID, after: int) -> None:
        """Let the connection follow the job from the event after number `after`."""
        with self._cache.pipeline(transaction=False) as pipe:
            # The way back is noted first: what is found by it can always be forgotten.
            pipe.sadd(_jobs_key(connection_id), str(job_id))
            pipe.expire(_jobs_key(connection_id), SECONDS)
            pipe.hset(_sockets_key(job_id), connection_id, str(after))
            pipe.expire(_sockets_key(job_id), SECONDS)
            pipe.execute()

    def unsubscribe(self, connection_id: str, job_id: uuid.UUID) -> None:
        """Let the connection follow the job no longer."""
        with self._cache.pipeline(transaction=False) as pipe:
            pipe.hdel(_sockets_key(job_id), connection_id)
            pipe.srem(_jobs_key(connection_id), str(job_id))
            pipe.execute()

    def jobs_of(self, connection_id: str) -> list[uuid.UUID]:
        """The jobs that a connection follows."""
        jobs = cast("set[str]", self._cache.smembers(_jobs_key(connection_id)))
        return [uuid.UUID(job) for job in jobs]

    def followers_of(self, job_id: uuid.UUID) -> list[str]:
        """The connections that follow a job."""
        return cast("list[str]", self._cache.hkeys(_sockets_key(job_id)))

    def positions(self, job_id: uuid.UUID) -> dict[str, int]:
        """The last event that was sent to each follower of a job."""
        found = cast("dict[str, str]", self._cache.hgetall(_sockets_key(job_id)))
        return {connection_id: int(seq) for connection_id, seq in found.items()}

    def position(self, connection_id: str, job_id: uuid.UUID) -> int | None:
        """The last event sent, or None if the connection doesn't follow the job."""
        value = cast("str | None", self._cache.hget(_sockets_key(job_id), connection_id))
        return int(value) if value is not None else None

    def positions_of(
        self, connection_id: str, job_ids: Sequence[uuid.UUID]
    ) -> dict[uuid.UUID, int]:
        """The last event sent of each of these jobs that the connection still follows."""
        with self._cache.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(_sockets_key(job_id), connection_id)
            found = pipe.execute()
        return {
            job_id: int(seq) for job_id, seq in zip(job_ids, found, strict=True) if seq is not None
        }

    def want(self, connection_id: str, job_id: uuid.UUID) -> None:
        """Note that there is something new to deliver; whoever delivers now will see it."""
        key = _wanted_key(connection_id, job_id)
        with self._cache.pipeline(transaction=False) as pipe:
            pipe.incr(key)
            pipe.expire(key, SECONDS)
            pipe.execute()

    def wanted(self, connection_id: str, job_id: uuid.UUID) -> str:
        """A mark that changes with each `want`."""
        return str(self._cache.get(_wanted_key(connection_id, job_id)) or "0")

    def take(self, connection_id: str, job_id: uuid.UUID, owner: str) -> bool:
        """Take the right to deliver to this connection; it lapses after ten seconds."""
        key = _lock_key(connection_id, job_id)
        return bool(self._cache.set(key, owner, nx=True, px=self._lock_milliseconds))

    def renew(self, connection_id: str, job_id: uuid.UUID, owner: str) -> bool:
        """Hold the right for ten seconds more; False where it has lapsed."""
        keys = [_lock_key(connection_id, job_id)]
        return bool(self._renew(keys=keys, args=[owner, self._lock_milliseconds]))

    def advance(
        self, connection_id: str, job_id: uuid.UUID, owner: str, previous: int, seq: int
    ) -> Advance:
        """Note that event `seq` was sent after number `previous`, and hold the right longer."""
        keys = [_lock_key(connection_id, job_id), _sockets_key(job_id)]
        values: list[str | int] = [
            owner,
            self._lock_milliseconds,
            connection_id,
            previous,
            seq,
        ]
        return Advance(int(self._advance(keys=keys, args=values)))

    def let_go(self, connection_id: str, job_id: uuid.UUID, owner: str) -> None:
        """Give the right up, if it is still held."""
        self._release(keys=[_lock_key(connection_id, job_id)], args=[owner])

    def next_frame(self, connection_id: str) -> int:
        """The number of the connection's next frame that is about no job: 1, 2, 3 …"""
        key = _frames_key(connection_id)
        with self._cache.pipeline(transaction=False) as pipe:
            pipe.incr(key)
            pipe.expire(key, SECONDS)
            return int(pipe.execute()[0])


def _jobs_key(connection_id: str) -> str:
    return f"socket:{connection_id}:jobs"


def _frames_key(connection_id: str) -> str:
    return f"socket:{connection_id}:frames"


def _sockets_key(job_id: uuid.UUID | str) -> str:
    return f"job:{{{job_id}}}:sockets"


def _lock_key(connection_id: str, job_id: uuid.UUID) -> str:
    return f"delivery:{{{job_id}}}:{connection_id}"


def _wanted_key(connection_id: str, job_id: uuid.UUID) -> str:
    return f"delivery:{{{job_id}}}:{connection_id}:wanted"
