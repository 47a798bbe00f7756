"""How a job looks to clients, wherever an answer holds one."""

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from shared.database.tables.jobs import Job
from shared.jobs.model import JobKind, JobStatus

_EXAMPLE: dict[str, JsonValue] = {
    "id": "01975b2e-6c1a-7c3e-9d0b-3f6a1e2d4c5b",
    "kind": "generation",
    "status": "running",
    "total": 20,
    "done": 10,
    "cached": False,
    "waiting": None,
    "error": None,
    "result": None,
    "created_at": "2026-03-02T09:30:00Z",
    "started_at": "2026-03-02T09:30:01Z",
    "finished_at": None,
    "deadline_at": "2026-03-02T09:45:00Z",
}


class JobWaiting(BaseModel):
    """Why a job rests and until when."""

    reason: str
    until: datetime


class JobError(BaseModel):
    """Why a job failed; `code` is stable."""

    code: str
    message: str


class JobView(BaseModel):
    """A job as clients see it. `done` of `total` things are finished."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    id: uuid.UUID
    kind: JobKind
    status: JobStatus
    total: int
    done: int
    cached: bool
    waiting: JobWaiting | None
    error: JobError | None
    result: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline_at: datetime


def job_view(job: Job) -> JobView:
    """The view of a job's row."""
    waiting = error = None
    if job.waiting_reason is not None and job.waiting_until is not None:
        waiting = JobWaiting(reason=job.waiting_reason, until=job.waiting_until)
    if job.error_code is not None:
        error = JobError(code=job.error_code, message=job.error_message or "")
    return JobView(
        id=job.id,
        kind=JobKind(job.kind),
        status=JobStatus(job.status),
        total=job.total,
        done=job.done,
        cached=job.cached,
        waiting=waiting,
        error=error,
        result=job.result,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        deadline_at=job.deadline_at,
    )
