"""Mends what a lost call left: jobs past their deadline, never started, or ended unheard."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from functions.jobs.cancellation import Announce, stop_quietly
from shared.database.tables.jobs import Job
from shared.jobs.executions import Executions
from shared.jobs.model import JobStatus
from shared.jobs.store import DEADLINE_EXCEEDED, JobStore
from shared.observability import get_logger
from shared.realtime.subscriptions import Subscriptions

START_AFTER = timedelta(seconds=20)
LOOK_BACK = timedelta(minutes=3)


class JobSweep:
    """Each step may run at any time and any number of times; each returns how much it mended."""

    def __init__(
        self,
        open_jobs: Callable[[], AbstractContextManager[JobStore]],
        executions: Executions,
        announce: Announce,
        subscriptions: Subscriptions,
    ) -> None:
        self._open_jobs = open_jobs
        self._executions = executions
        self._announce = announce
        self._subscriptions = subscriptions

    def end_overdue(self) -> int:
        """Fail the jobs that are past their deadline."""
        with self._open_jobs() as jobs:
            overdue = jobs.overdue()
        return sum(self._end(job) for job in overdue)

    def _end(self, job: Job) -> bool:
        try:
            with self._open_jobs() as jobs:
                expired = jobs.expire(job.id)
        except Exception:
            get_logger().exception("a job was not ended", extra={"job_id": str(job.id)})
            return False
        if expired:
            self._announce(job.id)
            stop_quietly(self._executions, job)
        return expired

    def start_unstarted(self) -> int:
        """Start the executions of jobs that should have begun long ago."""
        with self._open_jobs() as jobs:
            waiting = [
                (job, [chunk.ordinal for chunk in jobs.chunks(job.id)])
                for job in jobs.unstarted(START_AFTER)
            ]
        return sum(self._start(job, ordinals) for job, ordinals in waiting)

    def _start(self, job: Job, ordinals: list[int]) -> bool:
        try:
            self._executions.start(job, ordinals)
        except Exception:
            get_logger().exception("a job was not started", extra={"job_id": str(job.id)})
            return False
        return True

    def stop_outlived(self) -> int:
        """Stop executions whose jobs were ended from outside, where the first try was lost."""
        ended = [job for job in self._ended_lately() if _was_ended_from_outside(job)]
        for job in ended:
            stop_quietly(self._executions, job)
        return len(ended)

    def tell_ends(self) -> int:
        """Announce ends that followers have missed."""
        unheard = [job for job in self._ended_lately() if self._is_unheard(job)]
        for job in unheard:
            self._announce(job.id)
        return len(unheard)

    def _ended_lately(self) -> Sequence[Job]:
        with self._open_jobs() as jobs:
            return jobs.ended_since(datetime.now(UTC) - LOOK_BACK)

    def _is_unheard(self, job: Job) -> bool:
        positions = self._subscriptions.positions(job.id).values()
        return any(position < job.last_seq for position in positions)


def _was_ended_from_outside(job: Job) -> bool:
    return job.status == JobStatus.CANCELLED or job.error_code == DEADLINE_EXCEEDED
