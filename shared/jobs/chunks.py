"""Chunks of a job in PostgreSQL: claimed by a lease, closed once.

Rows are locked in one order everywhere, the job before its chunks, so that workers can't deadlock.
A claim locks its chunk alone.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from shared.database.tables.jobs import Job, JobChunk
from shared.errors import JobCancelled
from shared.identifiers import new_id
from shared.jobs.model import (
    ACTIVE,
    ChunkBusy,
    ChunkFinished,
    ChunkPlan,
    Claim,
    ClaimResult,
    JobOver,
    JobStatus,
)


class LeaseLost(JobCancelled):
    """Another worker took the chunk over; what this one made is thrown away."""

    code = "lease_lost"


class ChunkStore:
    """Reads and changes the chunks of jobs within one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def lock(self, job_id: uuid.UUID) -> Job | None:
        """The job as it is now, locked until the transaction ends."""
        return self.session.execute(
            select(Job)
            .where(Job.id == job_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()

    def lock_active(self, job_id: uuid.UUID) -> Job:
        """The locked job. Raises JobCancelled where it has ended."""
        job = self.lock(job_id)
        if job is None or job.status not in ACTIVE:
            raise JobCancelled("The job has ended.")
        return job

    def add_chunks(self, job_id: uuid.UUID, chunks: Iterable[ChunkPlan]) -> None:
        """Add chunks that are to be worked on."""
        self.session.add_all(
            JobChunk(job_id=job_id, ordinal=chunk.ordinal, round=chunk.round, payload=chunk.payload)
            for chunk in chunks
        )
        self.session.flush()

    def chunks(self, job_id: uuid.UUID) -> Sequence[JobChunk]:
        """All chunks of a job, in order."""
        return (
            self.session.execute(
                select(JobChunk).where(JobChunk.job_id == job_id).order_by(JobChunk.ordinal)
            )
            .scalars()
            .all()
        )

    def claim(self, job_id: uuid.UUID, ordinal: int, lease: timedelta) -> ClaimResult:
        """Take a chunk that is free or whose lease has run out, or say why not."""
        chunk = self.session.execute(
            select(JobChunk)
            .where(JobChunk.job_id == job_id, JobChunk.ordinal == ordinal)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
        # Read after the chunk's lock was waited for, so that a cancel meanwhile is seen.
        job = self.session.get(Job, job_id, populate_existing=True)
        if chunk is None or job is None:
            return JobOver("gone")
        if chunk.status in {"done", "failed"}:
            return ChunkFinished(chunk.error_code)
        now = datetime.now(UTC)
        if job.status not in ACTIVE or job.deadline_at <= now:
            return JobOver(job.status)
        if chunk.status == "running" and chunk.lease_until and chunk.lease_until > now:
            return ChunkBusy(chunk.lease_until)
        return self._lease(job, chunk, now + lease)

    def _lease(self, job: Job, chunk: JobChunk, until: datetime) -> Claim:
        owner = new_id()
        chunk.status = "running"
        chunk.attempts += 1
        chunk.lease_owner = owner
        chunk.lease_until = until
        self.session.flush()
        return Claim(
            job_id=job.id,
            user_id=job.user_id,
            ordinal=chunk.ordinal,
            owner=owner,
            attempts=chunk.attempts,
            lease_until=until,
            deadline_at=job.deadline_at,
            payload=chunk.payload,
        )

    def check(self, claim: Claim) -> bool:
        """Whether the chunk is still to be worked on; False once it is done or failed.

        Raises JobCancelled where the job has ended and LeaseLost where another worker took over.
        """
        row = self.session.execute(
            select(Job.status, Job.deadline_at, JobChunk.status, JobChunk.lease_owner)
            .join(JobChunk, JobChunk.job_id == Job.id)
            .where(Job.id == claim.job_id, JobChunk.ordinal == claim.ordinal)
        ).one_or_none()
        if row is None:
            raise JobCancelled("The job is gone.")
        job_status, deadline_at, chunk_status, owner = row
        if chunk_status in {"done", "failed"}:
            return False
        if job_status not in ACTIVE or deadline_at <= datetime.now(UTC):
            raise JobCancelled("The job has ended.")
        if owner != claim.owner:
            raise LeaseLost("Another worker took this chunk over.")
        return True

    def extend(self, claim: Claim, lease: timedelta) -> bool:
        """Hold the chunk for longer, where `check` says that it is still to be worked on."""
        until = datetime.now(UTC) + lease
        return self.check(claim) and (self._change(claim, lease_until=until) or self.check(claim))

    def release(self, claim: Claim, *, counted: bool = True) -> None:
        """Give an unfinished chunk back, so that the next delivery can take it.

        `counted` says whether what was done counts as one of the chunk's attempts.
        """
        self._change(
            claim,
            status="pending",
            lease_owner=None,
            lease_until=None,
            attempts=JobChunk.attempts - (0 if counted else 1),
        )

    def note(self, claim: Claim, name: str, parts: Mapping[str, Any]) -> None:
        """Keep what parts of the claimed chunk came to, under `name` in its result, each in the
        place of what was noted of it before. The job is to be locked. Raises LeaseLost."""
        noted = func.coalesce(JobChunk.result[name], cast({}, JSONB)).op("||")(
            cast(dict(parts), JSONB)
        )
        if not self._change(claim, result=func.jsonb_build_object(name, noted)):
            raise LeaseLost("Another worker took this chunk over.")

    def finish_chunk(self, claim: Claim, result: dict[str, Any] | None = None) -> Job:
        """Mark the claimed chunk done; the job comes back locked, for progress to be added.

        Without a `result` what was noted is it.

        Raises JobCancelled where the job has ended and LeaseLost where another worker took over.
        """
        job = self.lock_active(claim.job_id)
        self._close(claim, status="done", **({} if result is None else {"result": result}))
        if job.status == JobStatus.WAITING:
            job.status = JobStatus.RUNNING.value
            job.waiting_reason = job.waiting_until = None
        return job

    def fail_chunk(self, claim: Claim, code: str, message: str) -> None:
        """Mark the claimed chunk as failed for good, with the reason. Raises as finish_chunk."""
        self.lock_active(claim.job_id)
        self._close(claim, status="failed", error_code=code, error_message=message)

    def _close(self, claim: Claim, **values: Any) -> None:
        closed = self._change(
            claim, finished_at=datetime.now(UTC), lease_owner=None, lease_until=None, **values
        )
        if not closed:
            raise LeaseLost("Another worker took this chunk over.")

    def _change(self, claim: Claim, **values: Any) -> bool:
        changed = self.session.execute(
            update(JobChunk).where(_held(claim)).values(**values).returning(JobChunk.ordinal)
        ).one_or_none()
        return changed is not None


def _held(claim: Claim) -> ColumnElement[bool]:
    return and_(
        JobChunk.job_id == claim.job_id,
        JobChunk.ordinal == claim.ordinal,
        JobChunk.lease_owner == claim.owner,
        JobChunk.status == "running",
    )
