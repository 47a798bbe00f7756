"""The HTTP interface of accounts and sessions."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse

from functions.auth.export import PersonalExport, attachment, export_of
from functions.auth.limits import SignInLimits
from functions.auth.ports import Revocations
from functions.auth.schemas import (
    LoginRequest,
    RefreshRequest,
    RegisteredUser,
    RegisterRequest,
    SessionInfo,
    Tokens,
    UserInfo,
)
from functions.auth.service import AuthService, ReuseDetected
from functions.auth.store import SessionStore
from functions.auth.wiring import get_limits, get_revocations, get_service
from shared.errors import Unauthenticated
from shared.pagination import Page
from shared.storage.removal import ObjectRemoval
from shared.storage.wiring import get_object_removal
from shared.web import problems
from shared.web.application import create_application, lambda_handler
from shared.web.authentication import SignedIn
from shared.web.health import health_router
from shared.web.idempotency import Idempotent
from shared.web.pagination import RequestedPage
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/auth", tags=["auth"])

Service = Annotated[AuthService, Depends(get_service)]
Limits = Annotated[SignInLimits, Depends(get_limits)]
EndedSessions = Annotated[Revocations, Depends(get_revocations)]
Removal = Annotated[ObjectRemoval, Depends(get_object_removal)]


@router.post("/register", status_code=201, response_model=RegisteredUser)
def register(
    body: RegisterRequest,
    transaction: InTransaction,
    service: Service,
    limits: Limits,
    once: Idempotent,
) -> JSONResponse:
    """Open an account."""
    limits.registration()

    def produce() -> tuple[int, RegisteredUser]:
        account = service.register(body.email, body.password, body.name)
        return 201, RegisteredUser(user=UserInfo.of(account))

    return once.answer(transaction.session, "public", produce)


@router.post("/login", response_model=Tokens)
def log_in(
    body: LoginRequest,
    service: Service,
    limits: Limits,
    user_agent: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Tokens:
    """Sign in with email and password."""
    limits.attempt(body.email)
    pair = service.log_in(body.email, body.password, user_agent)
    limits.succeeded(body.email)
    return Tokens.of(pair)


@router.post("/refresh", response_model=Tokens)
def refresh(
    body: RefreshRequest,
    request: Request,
    transaction: InTransaction,
    service: Service,
    ended: EndedSessions,
) -> Tokens | Response:
    """Trade the refresh token for a new pair. One used before ends its session."""
    result = service.refresh(body.refresh_token)
    if isinstance(result, ReuseDetected):
        transaction.after_commit(lambda: ended.announce([result.session_id]))
        # Answered, not raised: an exception would roll the session's end back.
        return problems.render(
            request,
            Unauthenticated(
                "This refresh token was used before, so its session has been ended.",
                code="refresh_token_reused",
            ),
        )
    return Tokens.of(result)


@router.post("/logout", status_code=204)
def log_out(
    caller: SignedIn, transaction: InTransaction, service: Service, ended: EndedSessions
) -> None:
    """End the session that this call came with."""
    service.log_out(caller.session_id)
    transaction.after_commit(lambda: ended.announce([caller.session_id]))


@router.get("/sessions", response_model=Page[SessionInfo])
def list_sessions(
    caller: SignedIn, page: RequestedPage, transaction: InTransaction
) -> Page[SessionInfo]:
    """My sign-ins that can still be used, newest first."""
    rows = SessionStore(transaction.session).living(caller.user_id, datetime.now(UTC), page)
    return page.page(rows, lambda row: SessionInfo.of(row, caller.session_id))


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(
    session_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
    service: Service,
    ended: EndedSessions,
) -> None:
    """End one of my sessions, wherever it was opened."""
    service.end_session(session_id, caller.user_id)
    transaction.after_commit(lambda: ended.announce([session_id]))


@router.get("/me", response_model=UserInfo)
def get_me(caller: SignedIn, service: Service) -> UserInfo:
    """My account."""
    return UserInfo.of(service.account(caller.user_id))


@router.delete("/me", status_code=204)
def erase_me(
    caller: SignedIn,
    transaction: InTransaction,
    service: Service,
    ended: EndedSessions,
    removal: Removal,
) -> None:
    """Erase my account and all that is mine, files included. There is no way back."""
    erased = service.erase(caller.user_id)
    transaction.after_commit(lambda: ended.announce(erased.session_ids))
    transaction.after_commit(lambda: removal.remove(erased.files))


@router.get("/me/export", response_model=PersonalExport)
def export_me(
    caller: SignedIn, request: Request, transaction: InTransaction, service: Service
) -> Response:
    """All that is mine as JSON."""
    export = export_of(transaction.session, service.account(caller.user_id))
    return attachment(export, request.headers.get("accept-encoding", ""))


app = create_application("auth", health_router("auth"), router)
handler = lambda_handler(app)
