"""The HTTP interface of jobs."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.jobs.cancellation import Announce, cancel, stop_quietly
from functions.jobs.event_pages import page_of
from functions.jobs.schemas import EventPage, EventsRequest
from functions.jobs.wiring import get_announce
from shared.jobs.executions import Executions
from shared.jobs.schemas import JobView, job_view
from shared.jobs.store import JobStore
from shared.jobs.wiring import get_executions
from shared.web.application import create_application, lambda_handler
from shared.web.authentication import SignedIn
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@router.get("/{job_id}", response_model=JobView)
def read_job(job_id: uuid.UUID, caller: SignedIn, transaction: InTransaction) -> JobView:
    """A job as it stands now."""
    return job_view(JobStore(transaction.session).of_user(job_id, caller.user_id))


@router.get("/{job_id}/events", response_model=EventPage)
def read_events(
    job_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
    wanted: Annotated[EventsRequest, Query()],
) -> EventPage:
    """A job's events after number `after`: the same as on the socket, in full."""
    jobs = JobStore(transaction.session)
    jobs.of_user(job_id, caller.user_id)
    return page_of(jobs.events(job_id, wanted.start, wanted.limit + 1), wanted.limit)


@router.delete("/{job_id}", response_model=JobView)
def cancel_job(
    job_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
    executions: Annotated[Executions, Depends(get_executions)],
    announce: Annotated[Announce, Depends(get_announce)],
) -> JobView:
    """Cancel a job. One that has ended before stays as it is."""
    job, cancelled = cancel(JobStore(transaction.session), job_id, caller.user_id)
    if cancelled:
        transaction.after_commit(lambda: announce(job_id))
        transaction.after_commit(lambda: stop_quietly(executions, job))
    return job_view(job)


app = create_application("jobs", router)
handler = lambda_handler(app)
