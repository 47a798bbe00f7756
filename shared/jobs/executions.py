"""The executions that drive jobs: what moves a job of each kind, and what it is started with."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from shared.database.tables.jobs import Job
from shared.jobs.model import JobKind
from shared.jobs.state_machine import StateMachine


def execution_input(user_id: uuid.UUID, ordinals: Sequence[int] = ()) -> dict[str, Any]:
    """What an execution is told beside its job's id: whose it is, and the chunks made already."""
    payload: dict[str, Any] = {"user_id": str(user_id)}
    if ordinals:
        payload["chunks"] = [{"ordinal": ordinal} for ordinal in ordinals]
    return payload


class Executions:
    """Starts and stops the execution of a job of any kind."""

    def __init__(self, machines: Mapping[JobKind, StateMachine]) -> None:
        self._machines = machines

    def start(self, job: Job, ordinals: Sequence[int] = ()) -> None:
        """Start the job's execution, unless it was started before."""
        self._machines[JobKind(job.kind)].start(job.id, execution_input(job.user_id, ordinals))

    def stop(self, job: Job) -> None:
        """Stop the job's execution, if it runs."""
        self._machines[JobKind(job.kind)].stop(job.id)
