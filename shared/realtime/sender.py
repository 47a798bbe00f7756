"""Sends frames that are about no job: answers, errors, and what the chat says."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from redis.exceptions import RedisError

from shared.cache.client import get_cache
from shared.jobs.model import timestamp
from shared.observability import get_logger
from shared.realtime.connections import ApiGatewayConnections, Connections
from shared.realtime.subscriptions import Subscriptions


class Sender:
    """Sends such frames to connections.

    Their `seq` counts per connection, each number once. Frames of several senders may overtake
    each other; what one sender sends stays in order. Without Valkey the number is left out.
    """

    def __init__(self, subscriptions: Subscriptions, connections: Connections) -> None:
        self._subscriptions = subscriptions
        self._connections = connections

    def send(self, connection_id: str, kind: str, **fields: Any) -> None:
        """Send `{"type": kind, "seq", "at", …fields}`. Raises ConnectionGone or FrameTooLarge."""
        frame = {"type": kind, **self._number(connection_id), "at": timestamp(datetime.now(UTC))}
        self._connections.post(connection_id, {**frame, **fields})

    def _number(self, connection_id: str) -> dict[str, int]:
        try:
            return {"seq": self._subscriptions.next_frame(connection_id)}
        except RedisError:
            get_logger().warning("a frame goes without a number: cache lost")
            return {}


@lru_cache
def get_sender() -> Sender:
    """The sender of this process."""
    return Sender(Subscriptions(get_cache()), ApiGatewayConnections())
