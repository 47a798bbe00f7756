"""Ends a job that its owner no longer wants."""

import uuid
from collections.abc import Callable

from shared.database.tables.jobs import Job
from shared.jobs.executions import Executions
from shared.jobs.store import JobStore
from shared.observability import get_logger

Announce = Callable[[uuid.UUID], None]


def cancel(jobs: JobStore, job_id: uuid.UUID, user_id: uuid.UUID) -> tuple[Job, bool]:
    """The user's job, ended; and whether this call ended it. Raises NotFound."""
    job = jobs.of_user(job_id, user_id)
    return job, jobs.cancel(job_id)


def stop_quietly(executions: Executions, job: Job) -> None:
    """Stop the job's execution. A failure costs little: workers see the end in the database."""
    try:
        executions.stop(job)
    except Exception:
        get_logger().warning(
            "an execution was not stopped", exc_info=True, extra={"job_id": str(job.id)}
        )
