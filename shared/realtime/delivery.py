"""Brings job events to the connections that follow a job, each in order and without a gap.

Many workers end chunks of one job at once. Whoever has news notes that it is wanted and tries to
take the one right to deliver to a connection; the holder sends what the log has after the
connection's position, and goes on until nothing new was wanted meanwhile. Replay after a
`subscribe` is the same thing from an earlier position. A holder that dies loses the right after
ten seconds; the next news, a ping or the sweep then goes on where it stopped. Only a holder that
dies between a post and noting it makes a client see an event twice, with the same `seq`.
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
    fitted,
)
from shared.realtime.subscriptions import Advance, Subscriptions
from shared.sessions import SessionDirectory, get_session_directory

# Of a job, after an event's number, at most so many.
ReadEvents = Callable[[uuid.UUID, int, int], list[Event]]

_READ_AT_ONCE = 100


class Delivery:
    """Sends what connections have not seen yet."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        connections: Connections,
        read_events: ReadEvents,
        sessions: SessionDirectory,
    ) -> None:
        self._subscriptions = subscriptions
        self._connections = connections
        self._read_events = read_events
        self._sessions = sessions

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
        """Tell one follower its news, or end its connection if its session has. Never raises."""
        try:
            if self._has_ended(connection_id):
                self._connections.close(connection_id)
                self._subscriptions.disconnect(connection_id)
                return
            self._deliver(connection_id, job_id)
        except ConnectionGone:
            self._forget(connection_id)
        except Exception:
            get_logger().warning(
                "delivery failed", exc_info=True, extra={"connection_id": connection_id}
            )

    def _has_ended(self, connection_id: str) -> bool:
        connected = self._subscriptions.connected(connection_id)
        return connected is not None and not self._sessions.is_alive(connected.session_id)

    def _deliver(self, connection_id: str, job_id: uuid.UUID) -> None:
        self._subscriptions.want(connection_id, job_id)
        owner = uuid.uuid4().hex
        while self._subscriptions.take(connection_id, job_id, owner):
            try:
                seen = self._drain(connection_id, job_id, owner)
            finally:
                self._subscriptions.let_go(connection_id, job_id, owner)
            # Whoever had news while the right was held could not take it and relies on this look.
            if self._subscriptions.wanted(connection_id, job_id) == seen:
                return

    def _drain(self, connection_id: str, job_id: uuid.UUID, owner: str) -> str | None:
        """Send all there is; the mark up to which nothing is left, or None if the right lapsed."""
        while True:
            mark = self._subscriptions.wanted(connection_id, job_id)
            position = self._subscriptions.position(connection_id, job_id)
            if position is None:
                return mark
            events = self._read_events(job_id, position, _READ_AT_ONCE)
            outcome = self._send(connection_id, job_id, owner, position, events)
            if outcome is Advance.LOST:
                return None
            if outcome is Advance.NOTED and len(events) < _READ_AT_ONCE:
                return mark

    def _send(
        self, connection_id: str, job_id: uuid.UUID, owner: str, position: int, events: list[Event]
    ) -> Advance:
        if events and not self._subscriptions.renew(connection_id, job_id, owner):
            return Advance.LOST
        for event in events:
            self._connections.post(connection_id, fitted(event.frame()))
            outcome = self._subscriptions.advance(connection_id, job_id, owner, position, event.seq)
            if outcome is not Advance.NOTED:
                return outcome
            position = event.seq
        return Advance.NOTED

    def _forget(self, connection_id: str) -> None:
        try:
            self._subscriptions.disconnect(connection_id)
        except RedisError:
            get_logger().warning("a lost connection was not forgotten: cache lost")


def _read_events(job_id: uuid.UUID, after: int, limit: int) -> list[Event]:
    with get_database().transaction() as session:
        return JobStore(session).events(job_id, after, limit)


@lru_cache
def get_delivery() -> Delivery:
    """The delivery of this process."""
    return Delivery(
        Subscriptions(get_cache()),
        ApiGatewayConnections(),
        _read_events,
        get_session_directory(),
    )
