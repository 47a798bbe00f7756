"""Jobs and their events in PostgreSQL. Each method is part of the caller's transaction."""

import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from shared.database.tables.jobs import Job, JobEvent
from shared.errors import NotFound
from shared.identifiers import new_id
from shared.jobs.chunks import ChunkStore, LeaseLost
from shared.jobs.model import ACTIVE, Claim, Event, JobKind, JobStatus, timestamp
from shared.jobs.outcomes import fail_what_waits_for

__all__ = ["DEADLINE_EXCEEDED", "JobStore", "LeaseLost"]

DEADLINE_EXCEEDED = "deadline_exceeded"

# A later end of the wait is told only if it is later by this much.
_TOLD_AGAIN = timedelta(seconds=5)


class JobStore(ChunkStore):
    """Reads and changes jobs within one session."""

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

    def start(self, job_id: uuid.UUID) -> Job:
        """Mark the job as running and tell it, once. Raises JobCancelled where it has ended."""
        job = self.lock_active(job_id)
        self._start(job)
        return job

    def start_queued(self, job_id: uuid.UUID) -> bool:
        """Start the job if nobody has; False where there is nothing to start."""
        status = self.session.execute(select(Job.status).where(Job.id == job_id)).scalar()
        if status != JobStatus.QUEUED:
            return False
        job = self.lock(job_id)
        return job is not None and self._start(job)

    def _start(self, job: Job) -> bool:
        if job.status != JobStatus.QUEUED:
            return False
        job.status = JobStatus.RUNNING.value
        job.started_at = datetime.now(UTC)
        self._append(job, "job.started", {"total": job.total})
        return True

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
        if job.status == JobStatus.WAITING and known and until <= known + _TOLD_AGAIN:
            return False
        job.status = JobStatus.WAITING.value
        job.waiting_reason, job.waiting_until = reason, until
        self._append(job, "job.waiting", {"reason": reason, "until": timestamp(until)})
        return True

    def rest(self, claim: Claim, reason: str, until: datetime, *, counted: bool = False) -> bool:
        """Give the chunk back, to be taken up at `until`; whether `wait` told that."""
        told = self.wait(claim.job_id, reason, until)
        self.release(claim, counted=counted)
        return told

    def complete(
        self,
        job_id: uuid.UUID,
        result: dict[str, Any],
        *,
        cached: bool = False,
        told: dict[str, Any] | None = None,
    ) -> Job:
        """End the job well; its last event has `told` for a result that is too large for one.

        Raises JobCancelled where it has ended before.
        """
        job = self.lock_active(job_id)
        job.result, job.cached = result, cached
        event = {"result": result if told is None else told}
        self._end(job, JobStatus.COMPLETED, "job.completed", event)
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

    def expire(self, job_id: uuid.UUID) -> bool:
        """Fail the job if it is past its deadline; False where it isn't or has ended before."""
        job = self.lock(job_id)
        if job is None or job.deadline_at > datetime.now(UTC):
            return False
        return self.fail(job_id, DEADLINE_EXCEEDED, "The job was not done within its time.")

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
        if status != JobStatus.COMPLETED:
            fail_what_waits_for(self.session, job)

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
        return [Event(job_id, row.seq, row.type, row.at, row.payload) for row in rows]

    def newest_events(self, job_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
        """The number of each job's newest event."""
        query = select(Job.id, Job.last_seq).where(Job.id.in_(job_ids))
        return {row.id: row.last_seq for row in self.session.execute(query)}

    def overdue(self, limit: int = 100) -> Sequence[Job]:
        """Unfinished jobs past their deadline, the oldest first."""
        query = select(Job).where(Job.status.in_(ACTIVE), Job.deadline_at <= func.now())
        return self.session.execute(query.order_by(Job.deadline_at).limit(limit)).scalars().all()

    def unstarted(self, older_than: timedelta, limit: int = 100) -> Sequence[Job]:
        """Jobs whose execution may never have been started."""
        query = select(Job).where(
            Job.status == JobStatus.QUEUED.value,
            Job.created_at <= datetime.now(UTC) - older_than,
            Job.deadline_at > func.now(),
        )
        return self.session.execute(query.order_by(Job.id).limit(limit)).scalars().all()

    def ended_since(self, moment: datetime, limit: int = 1000) -> Sequence[Job]:
        """Jobs that have ended at `moment` or later, the newest first."""
        query = select(Job).where(Job.finished_at >= moment).order_by(Job.finished_at.desc())
        return self.session.execute(query.limit(limit)).scalars().all()
