"""Ends evaluations of one batch, which no state machine follows, as its last step would."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from shared.errors import JobCancelled
from shared.jobs.direct import job_of


class EvaluationEnds:
    """What becomes of an evaluation when its only batch is done, or can't be."""

    def __init__(
        self, finish: Callable[[uuid.UUID], None], expire: Callable[[uuid.UUID], None]
    ) -> None:
        self._finish = finish
        self._expire = expire

    def succeed(self, token: str, _output: dict[str, Any]) -> None:
        """End what the batch has left open. Where it has ended the job itself, that was all."""
        with suppress(JobCancelled):
            self._finish(job_of(token))

    def fail(self, token: str, error: str, _cause: str) -> None:
        """End the evaluation with what it has; a job past its deadline fails for that."""
        if error == "JobCancelled":
            self._expire(job_of(token))
        else:
            self.succeed(token, {})

    def heartbeat(self, token: str) -> None:
        """Nobody listens: the batch's lease says that it is being worked on."""
