"""Ends jobs of one chunk that no state machine follows; a task's token names its job."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from shared.jobs.direct import job_of
from shared.jobs.store import JobStore


class JobEnds:
    """What becomes of a job whose only chunk has failed. One that succeeds ends with its work."""

    def __init__(
        self,
        open_jobs: Callable[[], AbstractContextManager[JobStore]],
        announce: Callable[[uuid.UUID], None],
    ) -> None:
        self._open_jobs = open_jobs
        self._announce = announce

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        """Nothing is left to do: the chunk's work has completed the job."""

    def fail(self, token: str, error: str, cause: str) -> None:
        """Fail the job with the code `cause`, unless it has ended before or may still go on."""
        job_id = job_of(token)
        with self._open_jobs() as jobs:
            if error == "JobCancelled":
                ended = jobs.expire(job_id)
            else:
                ended = jobs.fail(job_id, cause, "The work could not be done.")
        if ended:
            self._announce(job_id)

    def heartbeat(self, token: str) -> None:
        """Nobody listens: the chunk's lease says that it is being worked on."""
