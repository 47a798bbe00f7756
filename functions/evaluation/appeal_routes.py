"""The HTTP routes about doubted grades: appeals, decisions, overrides, history."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from functions.evaluation.appeal_schemas import (
    AppealBody,
    AppealedView,
    AppealStatus,
    AppealView,
    DecisionBody,
    GradeView,
    HistoryView,
    OverrideBody,
    appeal_view,
    grade_view,
)
from functions.evaluation.wiring import build_appeals, get_state_machine
from shared.jobs.executions import execution_input
from shared.jobs.schemas import job_view
from shared.jobs.state_machine import StateMachine
from shared.pagination import Page
from shared.web.authentication import SignedIn
from shared.web.budgets import require_budget
from shared.web.idempotency import Idempotent
from shared.web.pagination import RequestedPage
from shared.web.rate_limits import limited_by_user
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/evaluation", tags=["evaluation"])


@router.post(
    "/submissions/{submission_id}/answers/{question_id}/appeal",
    status_code=202,
    response_model=AppealedView,
    responses={201: {"model": AppealedView, "description": "It is a teacher's turn, not a job's."}},
    dependencies=[Depends(limited_by_user("appeal", 60, 3600))],
)
def appeal(
    *,
    submission_id: uuid.UUID,
    question_id: uuid.UUID,
    body: AppealBody,
    caller: SignedIn,
    transaction: InTransaction,
    once: Idempotent,
    state_machine: Annotated[StateMachine, Depends(get_state_machine)],
) -> JSONResponse:
    """Doubt a grade: the answer is graded anew, alone and without the cache.

    Where the fresh grade gives other points, the appeal stands in the teacher's list.
    """
    appeals = build_appeals(transaction.session, caller)

    def produce() -> tuple[int, Any]:
        made, job = appeals.appeal(submission_id, question_id, body.reason)
        if job is not None:
            require_budget(transaction.session, caller.user_id)
            payload = execution_input(caller.user_id, (1,))
            transaction.after_commit(lambda: state_machine.start(job.id, payload))
        view = AppealedView(appeal=appeal_view(made), job=job_view(job) if job else None)
        return (202 if job else 201), view

    return once.answer(transaction.session, str(caller.user_id), produce)


@router.post(
    "/submissions/{submission_id}/answers/{question_id}/override", response_model=GradeView
)
def override(
    *,
    submission_id: uuid.UUID,
    question_id: uuid.UUID,
    body: OverrideBody,
    caller: SignedIn,
    transaction: InTransaction,
    once: Idempotent,
) -> JSONResponse:
    """Set a grade as a teacher or the set's owner; equal answers later get it, too."""
    appeals = build_appeals(transaction.session, caller)

    def produce() -> tuple[int, Any]:
        grade, question = appeals.override(
            submission_id,
            question_id,
            score=round(body.score, 2),
            reason=body.reason,
            feedback=body.feedback,
        )
        return 200, grade_view(grade, question)

    return once.answer(transaction.session, str(caller.user_id), produce)


@router.get(
    "/submissions/{submission_id}/answers/{question_id}/history", response_model=HistoryView
)
def get_history(
    submission_id: uuid.UUID,
    question_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
) -> HistoryView:
    """Every grade that an answer was given, with where it came from, and every appeal."""
    appeals = build_appeals(transaction.session, caller)
    found = appeals.history(submission_id, question_id)
    return HistoryView(
        question_id=question_id,
        grades=[grade_view(one, found.question, found.disclosure) for one in found.grades],
        appeals=[appeal_view(one) for one in found.appeals],
    )


@router.get("/appeals", response_model=Page[AppealView])
def list_appeals(
    caller: SignedIn,
    transaction: InTransaction,
    page: RequestedPage,
    status: AppealStatus | None = None,
    question_set_id: uuid.UUID | None = None,
) -> Page[AppealView]:
    """Appeals to the caller's question sets, or to all for a teacher, newest first."""
    rows = build_appeals(transaction.session, caller).appeals(page, status, question_set_id)
    return page.page(rows, appeal_view)


@router.post("/appeals/{appeal_id}/decision", response_model=AppealView)
def decide(
    appeal_id: uuid.UUID,
    body: DecisionBody,
    caller: SignedIn,
    transaction: InTransaction,
    once: Idempotent,
) -> JSONResponse:
    """Accept an open appeal's fresh grade, or let the doubted one stand."""
    appeals = build_appeals(transaction.session, caller)

    def produce() -> tuple[int, Any]:
        decided = appeals.decide(appeal_id, accept=body.accept, reason=body.reason)
        return 200, appeal_view(decided)

    return once.answer(transaction.session, str(caller.user_id), produce)
