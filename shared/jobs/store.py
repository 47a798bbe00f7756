"""Jobs in PostgreSQL. Each method is part of the caller's transaction.

Rows are locked in one order everywhere, the job before its chunks, so that workers can't deadlock.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from shared.database.tables.jobs import Job, JobChunk, JobEvent
from shared.errors import JobCancelled, NotFound
from shared.identifiers import new_id
from shared.jobs.model import (
    ACTIVE,
    ChunkBusy,
    ChunkFinished,
    ChunkPlan,
    Claim,
    ClaimResult,
    Event,
    JobKind,
    JobOver,
    JobStatus,
)


class LeaseLost(JobCancelled):
    """Another worker took the chunk over; what this one made is thrown away."""

    code = "lease_lost"


class JobStore:
    """Reads and changes jobs within one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def create(
        self,
        kind: JobKind,
        user_id: uuid.UUID,
        total: int,
        deadline: timedelta,
        job_id: uuid.UUID | None = None,
    ) -> Job:
        """A queued job of `total` things to do."""
        job = Job(
            id=job_id or new_id(),
            user_id=user_id,
            kind=kind.value,
            status=JobStatus.QUEUED.value,
            total=total,
            deadline_at=datetime.now(UTC) + deadline,
        )
        self.session.add(job)
        self.session.flush()
        return job

    def of_user(self, job_id: uuid.UUID, user_id: uuid.UUID) -> Job:
        """A user's job. Raises NotFound for anybody else's."""
        job = self.session.get(Job, job_id)
        if job is None or job.user_id != user_id:
            raise NotFound("There is no such job.", code="job_not_found")
        return job

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

    def start(self, job_id: uuid.UUID) -> Job:
        """Mark the job as running and tell it, once. Raises JobCancelled where it has ended."""
        job = self.lock_active(job_id)
        if job.status == JobStatus.QUEUED:
            job.status = JobStatus.RUNNING.value
            job.started_at = datetime.now(UTC)
            self._append(job, "job.started", {"total": job.total})
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
        job = self.session.get(Job, job_id)
        if job is None:
            return JobOver("gone")
        chunk = self.session.execute(
            select(JobChunk)
            .where(JobChunk.job_id == job_id, JobChunk.ordinal == ordinal)
            .with_for_update()
        ).scalar_one_or_none()
        if chunk is None:
            return JobOver("gone")
        if chunk.status in {"done", "failed"}:
            return ChunkFinished(chunk.error_code)
        now = datetime.now(UTC)
        if job.status not in ACTIVE or job.deadline_at <= now:
            return JobOver(job.status)
        if chunk.status == "running" and chunk.lease_until and chunk.lease_until > now:
            return ChunkBusy(chunk.lease_until)
        chunk.status = "running"
        chunk.attempts += 1
        chunk.lease_owner = new_id()
        chunk.lease_until = now + lease
        self.session.flush()
        return Claim(
            job_id=job_id,
            user_id=job.user_id,
            ordinal=ordinal,
            owner=chunk.lease_owner,
            attempts=chunk.attempts,
            lease_until=chunk.lease_until,
            deadline_at=job.deadline_at,
            payload=chunk.payload,
        )

    def extend(self, claim: Claim, lease: timedelta) -> bool:
        """Hold the chunk for longer; False where the lease or the job is lost."""
        still_active = select(Job.id).where(Job.id == claim.job_id, Job.status.in_(ACTIVE))
        changed = self.session.execute(
            update(JobChunk)
            .where(
                JobChunk.job_id == claim.job_id,
                JobChunk.ordinal == claim.ordinal,
                JobChunk.lease_owner == claim.owner,
                JobChunk.status == "running",
                still_active.exists(),
            )
            .values(lease_until=datetime.now(UTC) + lease)
            .returning(JobChunk.ordinal)
        ).one_or_none()
        return changed is not None

    def release(self, claim: Claim, *, counted: bool = True) -> None:
        """Give an unfinished chunk back, so that the next delivery can take it.

        `counted` says whether what was done counts as one of the chunk's attempts.
        """
        self.session.execute(
            update(JobChunk)
            .where(
                JobChunk.job_id == claim.job_id,
                JobChunk.ordinal == claim.ordinal,
                JobChunk.lease_owner == claim.owner,
                JobChunk.status == "running",
            )
            .values(
                status="pending",
                lease_owner=None,
                lease_until=None,
                attempts=JobChunk.attempts - (0 if counted else 1),
            )
        )

    def finish_chunk(self, claim: Claim, result: dict[str, Any]) -> Job:
        """Mark the claimed chunk done; the job comes back locked, for progress to be added.

        Raises JobCancelled where the job has ended and LeaseLost where another worker took over.
        """
        job = self.lock_active(claim.job_id)
        self._close_chunk(claim, status="done", result=result)
        if job.status == JobStatus.WAITING:
            job.status = JobStatus.RUNNING.value
            job.waiting_reason = job.waiting_until = None
        return job

    def fail_chunk(self, claim: Claim, code: str, message: str) -> None:
        """Mark the claimed chunk as failed for good, with the reason."""
        self.lock_active(claim.job_id)
        self._close_chunk(claim, status="failed", error_code=code, error_message=message)

    def _close_chunk(self, claim: Claim, **values: Any) -> None:
        closed = self.session.execute(
            update(JobChunk)
            .where(
                JobChunk.job_id == claim.job_id,
                JobChunk.ordinal == claim.ordinal,
                JobChunk.lease_owner == claim.owner,
                JobChunk.status == "running",
            )
            .values(finished_at=datetime.now(UTC), lease_owner=None, lease_until=None, **values)
            .returning(JobChunk.ordinal)
        ).one_or_none()
        if closed is None:
            raise LeaseLost("Another worker took this chunk over.")

    def progress(self, job: Job, done: int, details: dict[str, Any]) -> None:
        """Tell that `done` of the job's total are done. The job must be locked."""
        job.done = min(done, job.total)
        self._append(job, "job.progress", {"done": job.done, "total": job.total, **details})

    def wait(self, job_id: uuid.UUID, reason: str, until: datetime) -> bool:
        """Tell that the job waits; False where that was told before or the job has ended."""
        job = self.lock(job_id)
        if job is None or job.status not in ACTIVE:
            return False
        known = job.waiting_until
        if job.status == JobStatus.WAITING and known and until <= known + timedelta(seconds=5):
            return False
        job.status = JobStatus.WAITING.value
        job.waiting_reason, job.waiting_until = reason, until
        self._append(job, "job.waiting", {"reason": reason, "until": until.isoformat()})
        return True

    def complete(self, job_id: uuid.UUID, result: dict[str, Any], *, cached: bool = False) -> Job:
        """End the job well. Raises JobCancelled where it has ended before."""
        job = self.lock_active(job_id)
        job.result, job.cached = result, cached
        self._end(job, JobStatus.COMPLETED, "job.completed", {"result": result})
        return job

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool:
        """End the job badly; False where it has ended before."""
        job = self.lock(job_id)
        if job is None or job.status not in ACTIVE:
            return False
        job.error_code, job.error_message = code, message
        error = {"code": code, "message": message}
        self._end(job, JobStatus.FAILED, "job.failed", {"error": error})
        return True

    def cancel(self, job_id: uuid.UUID) -> bool:
        """End the job because its owner wants so; False where it has ended before."""
        job = self.lock(job_id)
        if job is None or job.status not in ACTIVE:
            return False
        self._end(job, JobStatus.CANCELLED, "job.cancelled", {})
        return True

    def _end(self, job: Job, status: JobStatus, event: str, payload: dict[str, Any]) -> None:
        job.status = status.value
        job.waiting_reason = job.waiting_until = None
        job.finished_at = datetime.now(UTC)
        self._append(job, event, payload)

    def _append(self, job: Job, event: str, payload: dict[str, Any]) -> None:
        """Needs the job's row lock: that is what keeps `seq` without a gap."""
        job.last_seq += 1
        self.session.add(JobEvent(job_id=job.id, seq=job.last_seq, type=event, payload=payload))
        self.session.flush()

    def events(self, job_id: uuid.UUID, after: int, limit: int = 200) -> list[Event]:
        """The events after number `after`, in order."""
        rows = self.session.execute(
            select(JobEvent)
            .where(JobEvent.job_id == job_id, JobEvent.seq > after)
            .order_by(JobEvent.seq)
            .limit(limit)
        ).scalars()
        return [Event(row.seq, row.type, row.at, row.payload) for row in rows]

    def overdue(self, limit: int = 100) -> Sequence[Job]:
        """Unfinished jobs past their deadline."""
        query = select(Job).where(Job.status.in_(ACTIVE), Job.deadline_at <= func.now())
        return self.session.execute(query.limit(limit)).scalars().all()

    def unstarted(self, older_than: timedelta, limit: int = 100) -> Sequence[Job]:
        """Jobs whose execution may never have been started."""
        query = select(Job).where(
            Job.status == JobStatus.QUEUED.value,
            Job.created_at <= datetime.now(UTC) - older_than,
            Job.deadline_at > func.now(),
        )
        return self.session.execute(query.limit(limit)).scalars().all()
