"""The HTTP routes of the evaluation service."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from functions.evaluation.access import graded_set
from functions.evaluation.analysis import AnalysisView, analyse
from functions.evaluation.appeal_routes import router as appeal_router
from functions.evaluation.disclosure import Disclosure
from functions.evaluation.grade_store import grades_in_force
from functions.evaluation.reading import Totals, answered_questions, newest_appeals, totals_of
from functions.evaluation.schemas import (
    ClassSubmittedView,
    SubmissionSummary,
    SubmissionView,
    SubmitBody,
    SubmitClassBody,
    SubmittedView,
    submission_summary,
    submission_view,
)
from functions.evaluation.statistics import StatisticsView, evaluation_statistics
from functions.evaluation.wiring import build_regrading, build_service, get_state_machine
from shared.database.tables.jobs import Job
from shared.jobs.executions import execution_input
from shared.jobs.schemas import job_view
from shared.jobs.state_machine import StateMachine
from shared.pagination import Page
from shared.web.application import create_application, lambda_handler
from shared.web.authentication import SignedIn
from shared.web.budgets import require_budget
from shared.web.health import health_router
from shared.web.idempotency import Idempotent
from shared.web.pagination import RequestedPage
from shared.web.rate_limits import limited_by_user
from shared.web.transaction import InTransaction, Transaction

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
        status = _grade_rest(transaction, state_machine, caller.user_id, job, submitted.ordinals)
        view = SubmittedView(
            submission=submission_view(
                submitted.submission,
                submitted.answers,
                submitted.grades,
                {},
                Disclosure.of(submitted.submission, submitted.language),
            ),
            job=job_view(job) if job else None,
        )
        return status, view

    return once.answer(session, str(caller.user_id), produce)


@router.post(
    "/submissions/batch",
    status_code=202,
    response_model=ClassSubmittedView,
    responses={201: {"model": ClassSubmittedView, "description": "Nothing is left for the model."}},
    dependencies=[Depends(limited_by_user("submit-class", 30, 60))],
)
def submit_class(
    body: SubmitClassBody,
    caller: SignedIn,
    transaction: InTransaction,
    once: Idempotent,
    state_machine: Annotated[StateMachine, Depends(get_state_machine)],
) -> JSONResponse:
    """Hand in the answers of a whole class: a paper test typed in, or an import.

    For the set's owner or a teacher. All is stored or nothing. Free answers to the same question
    travel to the model together, whoever wrote them, in one job.
    """
    session = transaction.session
    service = build_service(session, caller)

    def produce() -> tuple[int, Any]:
        submitted = service.submit_class(body.question_set_id, body.submissions)
        job = submitted.job
        status = _grade_rest(transaction, state_machine, caller.user_id, job, submitted.ordinals)
        totals = totals_of(session, [row.id for row in submitted.submissions])
        view = ClassSubmittedView(
            submissions=[submission_summary(one, totals[one.id]) for one in submitted.submissions],
            job=job_view(job) if job else None,
        )
        return status, view

    return once.answer(session, str(caller.user_id), produce)


@router.get("/submissions", response_model=Page[SubmissionSummary])
def list_submissions(
    caller: SignedIn,
    transaction: InTransaction,
    page: RequestedPage,
    question_set_id: uuid.UUID | None = None,
) -> Page[SubmissionSummary]:
    """What the caller handed in, or with `question_set_id` all to a set of theirs, newest first."""
    session = transaction.session
    rows = build_service(session, caller).submissions(page, question_set_id)
    totals = totals_of(session, [row.id for row in rows])
    return page.page(rows, lambda row: submission_summary(row, totals.get(row.id, Totals())))


@router.get("/submissions/{submission_id}", response_model=SubmissionView)
def get_submission(
    submission_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
    state_machine: Annotated[StateMachine, Depends(get_state_machine)],
) -> SubmissionView:
    """A submission with every answer's grade, feedback and where the grade came from."""
    session = transaction.session
    submission, disclosure = build_service(session, caller).submission(submission_id)
    _regrade(transaction, state_machine, submission.question_set_id)
    return submission_view(
        submission,
        answered_questions(session, submission.id),
        grades_in_force(session, submission.id),
        newest_appeals(session, submission.id),
        disclosure,
    )


def _regrade(
    transaction: Transaction, state_machine: StateMachine, question_set_id: uuid.UUID
) -> None:
    """Let grades that are about to be shown follow the questions' edits."""
    for done in build_regrading(transaction.session).handle_set(question_set_id):
        if done.job is not None:
            _start_later(transaction, state_machine, done.job, done.ordinals)


def _grade_rest(
    transaction: Transaction,
    state_machine: StateMachine,
    user_id: uuid.UUID,
    job: Job | None,
    ordinals: Sequence[int],
) -> int:
    """Let the model grade what rules left, if anything; the status that says which it is."""
    if job is None:
        return 201
    require_budget(transaction.session, user_id)
    _start_later(transaction, state_machine, job, ordinals)
    return 202


def _start_later(
    transaction: Transaction, state_machine: StateMachine, job: Job, ordinals: Sequence[int]
) -> None:
    job_id, payload = job.id, execution_input(job.user_id, ordinals)
    transaction.after_commit(lambda: state_machine.start(job_id, payload))


@router.get("/sets/{question_set_id}/analysis", response_model=AnalysisView)
def get_analysis(
    question_set_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
    state_machine: Annotated[StateMachine, Depends(get_state_machine)],
) -> AnalysisView:
    """How a set's questions worked and how its learners did, for its owner or a teacher."""
    graded_set(transaction.session, caller, question_set_id)
    _regrade(transaction, state_machine, question_set_id)
    return analyse(transaction.session, question_set_id)


@router.get("/stats", response_model=StatisticsView)
def statistics(caller: SignedIn, transaction: InTransaction) -> StatisticsView:
    """Grades by source, cache hits, batches, durations, calls; an admin sees everybody's."""
    whose = None if caller.role == "admin" else caller.user_id
    return evaluation_statistics(transaction.session, whose)


app = create_application("evaluation", health_router("evaluation"), router, appeal_router)
handler = lambda_handler(app)
