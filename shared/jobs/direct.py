"""Jobs of one chunk without a state machine: with nothing to fan out it would only cost time."""

import uuid
from typing import Any

from shared.jobs.state_machine import StateMachine, TaskTokens

# No token of a state machine has a colon.
_MARK = "job:"


def direct_token(job_id: uuid.UUID) -> str:
    """The task token of a message that no state machine waits for."""
    return f"{_MARK}{job_id}"


def job_of(token: str) -> uuid.UUID:
    """The job that a direct token names."""
    return uuid.UUID(token.removeprefix(_MARK))


class OneChunkDirectly:
    """Starts a job of one chunk by its message alone, and any other by the state machine."""

    def __init__(self, messages: StateMachine, state_machine: StateMachine) -> None:
        self._messages = messages
        self._state_machine = state_machine

    def start(self, job_id: uuid.UUID, payload: dict[str, Any]) -> None:
        """Start the job, unless it was started before. Harmless to repeat."""
        driver = self._messages if len(payload["chunks"]) == 1 else self._state_machine
        driver.start(job_id, payload)

    def stop(self, job_id: uuid.UUID) -> None:
        """Stop the job's execution, if it has one."""
        self._state_machine.stop(job_id)


class TokensByOrigin:
    """Answers each token where it comes from."""

    def __init__(self, direct: TaskTokens, state_machine: TaskTokens) -> None:
        self._direct = direct
        self._state_machine = state_machine

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        """The task is done."""
        self._origin(token).succeed(token, output)

    def fail(self, token: str, error: str, cause: str) -> None:
        """The task failed; `error` is a class name of shared.errors."""
        self._origin(token).fail(token, error, cause)

    def heartbeat(self, token: str) -> None:
        """The task is being worked on."""
        self._origin(token).heartbeat(token)

    def _origin(self, token: str) -> TaskTokens:
        return self._direct if token.startswith(_MARK) else self._state_machine
