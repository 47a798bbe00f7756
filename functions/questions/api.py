"""The HTTP routes of the questions service."""

import uuid
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from functions.questions.exports.formats import ExportFormat, export
from functions.questions.schemas import (
    EditQuestionBody,
    GenerateBody,
    GenerationView,
    QuestionSetView,
    QuestionView,
    VersionView,
    question_set_view,
    question_view,
)
from functions.questions.statistics import generation_statistics
from functions.questions.wiring import build_editing, build_service, get_state_machine
from shared.ai.numbers import KeyRow
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
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/questions", tags=["questions"])

Include = Literal["keys"] | None


@router.post(
    "/generate",
    status_code=202,
    response_model=GenerationView,
    responses={200: {"model": GenerationView, "description": "The cache had it."}},
    dependencies=[Depends(limited_by_user("generate", 60, 60))],
)
def generate(
    body: GenerateBody,
    caller: SignedIn,
    transaction: InTransaction,
    once: Idempotent,
    state_machine: Annotated[StateMachine, Depends(get_state_machine)],
) -> JSONResponse:
    """Make questions from a document. 202 with the job, or 200 where they were made before."""
    service = build_service(transaction.session, caller)

    def produce() -> tuple[int, Any]:
        job, question_set = service.request(body.document_id, body.parameters(), fresh=body.fresh)
        if not job.cached:
            require_budget(transaction.session, caller.user_id)
            payload = execution_input(caller.user_id)
            transaction.after_commit(lambda: state_machine.start(job.id, payload))
        questions = service.questions(question_set.id) if job.cached else None
        view = GenerationView(
            job=job_view(job), question_set=question_set_view(question_set, questions)
        )
        return (200 if job.cached else 202), view

    return once.answer(transaction.session, str(caller.user_id), produce)


@router.get("/sets", response_model=Page[QuestionSetView])
def list_sets(
    caller: SignedIn, transaction: InTransaction, page: RequestedPage
) -> Page[QuestionSetView]:
    """The caller's question sets, newest first."""
    rows = build_service(transaction.session, caller).sets(page)
    return page.page(rows, question_set_view)


@router.get("/sets/{set_id}", response_model=QuestionSetView)
def get_set(
    set_id: uuid.UUID, caller: SignedIn, transaction: InTransaction, include: Include = None
) -> QuestionSetView:
    """A question set with its questions; keys with `include=keys`, for the owner."""
    service = build_service(transaction.session, caller)
    question_set = service.readable_set(set_id)
    if include == "keys":
        service.may_see_keys(question_set)
    questions = service.questions(set_id)
    return question_set_view(question_set, questions, with_keys=include == "keys")


@router.get(
    "/sets/{set_id}/export",
    response_class=Response,
    responses={200: {"description": "The file.", "content": {"application/octet-stream": {}}}},
)
def export_set(
    set_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
    format: Annotated[  # noqa: A002  (the contract's name)
        ExportFormat, Query(description="The program that will read it.")
    ],
) -> Response:
    """The set with its keys as a file that another program imports, for the owner."""
    file = export(build_service(transaction.session, caller).export(set_id), format)
    headers = {"Content-Disposition": file.disposition}
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.patch("/sets/{set_id}/questions/{question_id}", response_model=QuestionView)
def edit_question(
    set_id: uuid.UUID,
    question_id: uuid.UUID,
    body: EditQuestionBody,
    caller: SignedIn,
    transaction: InTransaction,
) -> QuestionView:
    """Change a question; each edit is a version, and another key grades its answers again."""
    editing = build_editing(transaction.session, caller)
    return question_view(editing.edit(set_id, question_id, body), with_keys=True)


@router.delete("/sets/{set_id}/questions/{question_id}", status_code=204)
def remove_question(
    set_id: uuid.UUID, question_id: uuid.UUID, caller: SignedIn, transaction: InTransaction
) -> None:
    """Take a question out of its set."""
    build_editing(transaction.session, caller).remove(set_id, question_id)


@router.post(
    "/sets/{set_id}/questions/{question_id}/regenerate",
    status_code=202,
    response_model=GenerationView,
    dependencies=[Depends(limited_by_user("generate", 60, 60))],
)
def regenerate_question(
    set_id: uuid.UUID,
    question_id: uuid.UUID,
    *,
    caller: SignedIn,
    transaction: InTransaction,
    once: Idempotent,
    state_machine: Annotated[StateMachine, Depends(get_state_machine)],
) -> JSONResponse:
    """Make a question again: when the job is done, a new one stands in its place."""
    editing = build_editing(transaction.session, caller)

    def produce() -> tuple[int, Any]:
        job, question_set = editing.regenerate(set_id, question_id)
        require_budget(transaction.session, caller.user_id)
        payload = execution_input(caller.user_id)
        transaction.after_commit(lambda: state_machine.start(job.id, payload))
        return 202, GenerationView(job=job_view(job), question_set=question_set_view(question_set))

    return once.answer(transaction.session, str(caller.user_id), produce)


@router.get("/sets/{set_id}/questions/{question_id}/versions", response_model=Page[VersionView])
def list_versions(
    set_id: uuid.UUID, question_id: uuid.UUID, caller: SignedIn, transaction: InTransaction
) -> Page[VersionView]:
    """A question as it is and as it was, newest first, for the owner."""
    versions = build_editing(transaction.session, caller).versions(set_id, question_id)
    views = [VersionView(**asdict(version)) for version in versions]
    return Page(items=views, next_cursor=None)


@router.post("/sets/{set_id}/publish", response_model=QuestionSetView)
def publish(
    set_id: uuid.UUID, caller: SignedIn, transaction: InTransaction, once: Idempotent
) -> Response:
    """Let others read the set and answer it."""
    service = build_service(transaction.session, caller)
    return once.answer(
        transaction.session,
        str(caller.user_id),
        lambda: (200, question_set_view(service.publish(set_id))),
    )


class StatisticsView(BaseModel):
    """The numbers of question generation, and the key pool."""

    scope: Literal["own", "all"]
    generations: dict[str, int]
    questions: dict[str, int]
    cache: dict[str, float]
    duration_seconds: dict[str, float | None]
    gemini: dict[str, float]
    keys: list[KeyRow]


@router.get("/stats", response_model=StatisticsView)
def statistics(caller: SignedIn, transaction: InTransaction) -> dict[str, Any]:
    """Counts, cache hits, durations, calls, tokens and the key pool; an admin sees everybody's."""
    from shared.ai.status import get_pool_status  # noqa: PLC0415  (slow to import)

    whose = None if caller.role == "admin" else caller.user_id
    return {
        **generation_statistics(transaction.session, whose),
        "keys": get_pool_status(),
    }


app = create_application("questions", health_router("questions"), router)
handler = lambda_handler(app)
