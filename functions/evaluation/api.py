"""The HTTP routes of the evaluation service."""

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from functions.evaluation.schemas import (
    SubmissionView,
    SubmitBody,
    SubmittedView,
    submission_view,
)
from functions.evaluation.statistics import evaluation_statistics
from functions.evaluation.store import answered_questions, grades_in_force
from functions.evaluation.wiring import build_service, get_state_machine
from shared.database.tables.evaluation import Submission
from shared.jobs.executions import execution_input
from shared.jobs.schemas import job_view
from shared.jobs.state_machine import StateMachine
from shared.web.application import create_application, lambda_handler
from shared.web.authentication import SignedIn
from shared.web.health import health_router
from shared.web.idempotency import Idempotent
from shared.web.rate_limits import limited_by_user
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/evaluation", tags=["evaluation"])


@router.post(
    "/submissions",
    status_code=202,
    response_model=SubmittedView,
    responses={201: {"model": SubmittedView, "description": "Nothing is left for the model."}},
    dependencies=[Depends(limited_by_user("submit", 120, 60))],
)
def submit(
    body: SubmitBody,
    caller: SignedIn,
    transaction: InTransaction,
    once: Idempotent,
    state_machine: Annotated[StateMachine, Depends(get_state_machine)],
) -> JSONResponse:
    """Hand answers in. What a rule can grade is graded in this answer; a job grades the rest."""
    session = transaction.session
    service = build_service(session, caller)

    def produce() -> tuple[int, Any]:
        submitted = service.submit(body.question_set_id, body.answers)
        job = submitted.job
        if job is not None:
            payload = execution_input(caller.user_id, submitted.ordinals)
            transaction.after_commit(lambda: state_machine.start(job.id, payload))
        view = SubmittedView(
            submission=_view(session, submitted.submission), job=job_view(job) if job else None
        )
        return (202 if job else 201), view

    return once.answer(session, str(caller.user_id), produce)


@router.get("/submissions/{submission_id}", response_model=SubmissionView)
def get_submission(
    submission_id: uuid.UUID, caller: SignedIn, transaction: InTransaction
) -> SubmissionView:
    """A submission with every answer's grade, feedback and where the grade came from."""
    submission = build_service(transaction.session, caller).submission(submission_id)
    return _view(transaction.session, submission)


def _view(session: Session, submission: Submission) -> SubmissionView:
    answers = answered_questions(session, submission.id)
    return submission_view(submission, answers, grades_in_force(session, submission.id))


class StatisticsView(BaseModel):
    """The numbers of evaluation."""

    scope: Literal["own", "all"]
    submissions: dict[str, int]
    grades_by_source: dict[str, int]
    cache: dict[str, float]
    batches: dict[str, float]
    duration_seconds: dict[str, float | None]
    gemini: dict[str, float]


@router.get("/stats", response_model=StatisticsView)
def statistics(caller: SignedIn, transaction: InTransaction) -> dict[str, Any]:
    """Grades by source, cache hits, batches, durations, calls; an admin sees everybody's."""
    whose = None if caller.role == "admin" else caller.user_id
    return evaluation_statistics(transaction.session, whose)


app = create_application("evaluation", health_router("evaluation"), router)
handler = lambda_handler(app)
