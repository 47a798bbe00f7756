"""A job's log of events in memory."""

import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from shared.jobs.model import Event


class FakeEventLog:
    """Events of one job; appending is safe from many threads."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._lock = threading.Lock()

    def append(self, job_id: uuid.UUID, **payload: Any) -> int:
        """Add an event; its number."""
        with self._lock:
            seq = len(self.events) + 1
            self.events.append(Event(job_id, seq, "job.progress", datetime.now(UTC), payload))
            return seq

    def read(self, _job_id: uuid.UUID, after: int, limit: int) -> list[Event]:
        return self.events[after : after + limit]
