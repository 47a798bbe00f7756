"""What a job, a chunk of it and an event are, and how a claim of a chunk can end."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class JobKind(StrEnum):
    """What a job is for."""

    GENERATION = "generation"
    EVALUATION = "evaluation"
    TRANSCRIPTION = "transcription"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.WAITING)


@dataclass(frozen=True)
class ChunkPlan:
    """A chunk to be made: its place in the job, the round it belongs to and what it is about."""

    ordinal: int
    payload: dict[str, Any]
    round: int = 1


@dataclass(frozen=True)
class Claim:
    """The right to work on a chunk until `lease_until`; `owner` proves it."""

    job_id: uuid.UUID
    user_id: uuid.UUID
    ordinal: int
    owner: uuid.UUID
    attempts: int
    lease_until: datetime
    deadline_at: datetime
    payload: dict[str, Any]


@dataclass(frozen=True)
class ChunkFinished:
    """The chunk was done, or failed for good, before: only its task token needs an answer."""

    error_code: str | None


@dataclass(frozen=True)
class ChunkBusy:
    """Another worker holds the chunk until `lease_until`."""

    lease_until: datetime


@dataclass(frozen=True)
class JobOver:
    """The job ended, is past its deadline or is gone: nothing is left to do."""

    status: str


ClaimResult = Claim | ChunkFinished | ChunkBusy | JobOver


@dataclass(frozen=True)
class Event:
    """One entry of a job's log, as it goes to sockets and to `GET /api/jobs/{id}/events`."""

    job_id: uuid.UUID
    seq: int
    type: str
    at: datetime
    payload: dict[str, Any]

    def frame(self) -> dict[str, Any]:
        """The event as the JSON object that clients receive."""
        head = {
            "type": self.type,
            "seq": self.seq,
            "at": timestamp(self.at),
            "job_id": str(self.job_id),
        }
        return {**head, **self.payload, **head}


def timestamp(moment: datetime) -> str:
    """An aware time as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
