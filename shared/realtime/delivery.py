"""Brings job events to the connections that follow a job, each in order and without a gap.

Many workers end chunks of one job at once. Whoever has news notes that it is wanted and tries to
take the one right to deliver to a connection; the holder sends what the log has after the
connection's position, and goes on until nothing new was wanted meanwhile. Replay after a
`subscribe` is the same thing from an earlier position.
"""

import uuid
from collections.abc import Callable
from functools import lru_cache

from redis.exceptions import RedisError

from shared.cache.client import get_cache
from shared.database.engine import get_database
from shared.jobs.model import Event
from shared.jobs.store import JobStore
from shared.observability import get_logger
from shared.realtime.connections import (
    ApiGatewayConnections,
    ConnectionGone,
    Connections,
)
from shared.realtime.subscriptions import Subscriptions

ReadEvents = Callable[[uuid.UUID, int], list[Event]]


class Delivery:
    """Sends what connections have not seen yet."""

    def __init__(
        self, subscriptions: Subscriptions, connections: Connections, read_events: ReadEvents
    ) -> None:
        self._subscriptions = subscriptions
        self._connections = connections
        self._read_events = read_events

    def announce(self, job_id: uuid.UUID) -> None:
        """Tell every follower of a job its news. Never raises: the log keeps what is not sent."""
        try:
            followers = self._subscriptions.followers_of(job_id)
        except RedisError:
            get_logger().warning("no announcement: cache lost")
            return
        for connection_id in followers:
            self.catch_up(connection_id, job_id)

    def catch_up(self, connection_id: str, job_id: uuid.UUID) -> None:
        """Tell one follower its news. Never raises."""
        try:
            self._subscriptions.want(connection_id, job_id)
            owner = uuid.uuid4().hex
            if self._subscriptions.take(connection_id, job_id, owner):
                self._drain(connection_id, job_id, owner)
        except ConnectionGone:
            self._subscriptions.disconnect(connection_id)
        except Exception:
            get_logger().exception("delivery failed", extra={"connection_id": connection_id})

    def _drain(self, connection_id: str, job_id: uuid.UUID, owner: str) -> None:
        while True:
            mark = self._subscriptions.wanted(connection_id, job_id)
            position = self._subscriptions.position(connection_id, job_id)
            if position is not None:
                for event in self._read_events(job_id, position):
                    self._connections.post(connection_id, {**event.frame(), "job_id": str(job_id)})
                    if not self._subscriptions.advance(connection_id, job_id, owner, event.seq):
                        return
            if self._subscriptions.let_go(connection_id, job_id, owner, mark):
                return


def _read_all(job_id: uuid.UUID, after: int) -> list[Event]:
    with get_database().transaction() as session:
        return JobStore(session).events(job_id, after, limit=1000)


@lru_cache
def get_delivery() -> Delivery:
    """The delivery of this process."""
    return Delivery(Subscriptions(get_cache()), ApiGatewayConnections(), _read_all)
