"""A state machine, and the tokens of its tasks, in memory."""

import uuid
from typing import Any


class FakeStateMachine:
    """Keeps what was started and stopped; `outage` makes the next calls fail."""

    def __init__(self) -> None:
        self.started: dict[uuid.UUID, dict[str, Any]] = {}
        self.stopped: list[uuid.UUID] = []
        self.outage: Exception | None = None

    def start(self, job_id: uuid.UUID, payload: dict[str, Any]) -> None:
        self._fail_during_an_outage()
        self.started.setdefault(job_id, payload)

    def stop(self, job_id: uuid.UUID) -> None:
        self._fail_during_an_outage()
        self.stopped.append(job_id)

    def _fail_during_an_outage(self) -> None:
        if self.outage is not None:
            raise self.outage


class FakeTaskTokens:
    """Keeps each answer: ("succeed", token, output) or ("fail", token, error, cause)."""

    def __init__(self) -> None:
        self.answers: list[tuple[Any, ...]] = []
        self.heartbeats: list[str] = []
        self.outage: Exception | None = None

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        self._fail_during_an_outage()
        self.answers.append(("succeed", token, output))

    def fail(self, token: str, error: str, cause: str) -> None:
        self._fail_during_an_outage()
        self.answers.append(("fail", token, error, cause))

    def heartbeat(self, token: str) -> None:
        self._fail_during_an_outage()
        self.heartbeats.append(token)

    def _fail_during_an_outage(self) -> None:
        if self.outage is not None:
            raise self.outage
