"""The HTTP interface of chat. Messages go over the socket."""

import uuid

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from functions.chat.schemas import ChatSessionDetail, ChatSessionInfo, NewChatSession
from functions.chat.store import ChatStore
from shared.pagination import Page
from shared.web.application import create_application, lambda_handler
from shared.web.authentication import SignedIn
from shared.web.health import health_router
from shared.web.idempotency import Idempotent
from shared.web.pagination import RequestedPage
from shared.web.rate_limits import limited_by_user
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/chat", tags=["chat"])


@router.post(
    "/sessions",
    status_code=201,
    response_model=ChatSessionInfo,
    dependencies=[Depends(limited_by_user("chat_sessions", 60, 60))],
)
def create_session(
    body: NewChatSession, caller: SignedIn, transaction: InTransaction, once: Idempotent
) -> JSONResponse:
    """Begin a conversation about a document that is ready."""

    def produce() -> tuple[int, ChatSessionInfo]:
        chat = ChatStore(transaction.session).create(caller.user_id, body.document_id)
        return 201, ChatSessionInfo.of(chat)

    return once.answer(transaction.session, str(caller.user_id), produce)


@router.get("/sessions", response_model=Page[ChatSessionInfo])
def list_sessions(
    caller: SignedIn, page: RequestedPage, transaction: InTransaction
) -> Page[ChatSessionInfo]:
    """My conversations, newest first."""
    rows = ChatStore(transaction.session).list_of_user(caller.user_id, page)
    return page.page(rows, ChatSessionInfo.of)


@router.get("/sessions/{session_id}", response_model=ChatSessionDetail)
def get_session(
    session_id: uuid.UUID, caller: SignedIn, transaction: InTransaction
) -> ChatSessionDetail:
    """One conversation with its messages."""
    store = ChatStore(transaction.session)
    chat = store.of_user(session_id, caller.user_id)
    return ChatSessionDetail.with_messages(chat, store.messages(session_id))


app = create_application("chat", health_router("chat"), router)
handler = lambda_handler(app)
