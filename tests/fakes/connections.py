"""WebSocket connections in memory."""

import threading
from collections.abc import Callable
from typing import Any

from shared.realtime.connections import ConnectionGone, encode

Hook = Callable[[str, dict[str, Any]], None]


class FakeConnections:
    """Keeps what was posted to each connection, and refuses what API Gateway would refuse.

    `before_post` is called first and may wait or raise.
    """

    def __init__(self, before_post: Hook | None = None) -> None:
        self.frames: dict[str, list[dict[str, Any]]] = {}
        self.gone: set[str] = set()
        self.closed: list[str] = []
        self.before_post = before_post
        self._lock = threading.Lock()

    def post(self, connection_id: str, frame: dict[str, Any]) -> None:
        if self.before_post is not None:
            self.before_post(connection_id, frame)
        if connection_id in self.gone:
            raise ConnectionGone
        encode(frame)
        with self._lock:
            self.frames.setdefault(connection_id, []).append(frame)

    def close(self, connection_id: str) -> None:
        self.closed.append(connection_id)
        self.gone.add(connection_id)

    def sent(self, connection_id: str) -> list[dict[str, Any]]:
        """All frames of a connection."""
        return self.frames.get(connection_id, [])

    def numbers(self, connection_id: str) -> list[int]:
        """The `seq` of each frame of a connection."""
        return [frame["seq"] for frame in self.sent(connection_id)]
