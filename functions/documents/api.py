"""The HTTP interface of documents."""

import uuid
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import JSONResponse

from functions.documents.ports import ObjectStorage, StartJob
from functions.documents.schemas import (
    CreatedDocument,
    DocumentDetail,
    DocumentInfo,
    NewDocument,
    PageText,
)
from functions.documents.service import DocumentService
from functions.documents.store import DocumentStore
from functions.documents.wiring import (
    check_storage,
    get_storage,
    get_transcription_start,
    get_transcriptions,
)
from shared.config import get_settings
from shared.pagination import Page
from shared.storage.removal import ObjectRemoval
from shared.storage.wiring import get_object_removal
from shared.web.application import create_application, lambda_handler
from shared.web.authentication import SignedIn
from shared.web.health import health_router
from shared.web.idempotency import Idempotent
from shared.web.pagination import RequestedPage
from shared.web.rate_limits import limited_by_user
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/documents", tags=["documents"])
Storage = Annotated[ObjectStorage, Depends(get_storage)]


def _service(transaction: InTransaction, storage: Storage) -> DocumentService:
    limits = get_settings().document_limits()
    return DocumentService(DocumentStore(transaction.session), storage, limits)


Service = Annotated[DocumentService, Depends(_service)]


@router.post(
    "",
    status_code=201,
    response_model=CreatedDocument,
    dependencies=[Depends(limited_by_user("documents_create", 60, 60))],
)
def create_document(
    body: NewDocument,
    caller: SignedIn,
    transaction: InTransaction,
    service: Service,
    once: Idempotent,
) -> JSONResponse:
    """Announce a PDF and get the form to upload it with, straight to object storage."""

    def produce() -> tuple[int, CreatedDocument]:
        created = service.create(caller.user_id, body.filename, body.size_bytes)
        return 201, CreatedDocument.of(*created)

    return once.answer(transaction.session, str(caller.user_id), produce)


@router.get("", response_model=Page[DocumentInfo])
def list_documents(
    caller: SignedIn, page: RequestedPage, transaction: InTransaction
) -> Page[DocumentInfo]:
    """My documents, newest first."""
    rows = DocumentStore(transaction.session).list_of_user(caller.user_id, page)
    return page.page(rows, DocumentInfo.of)


@router.get("/{document_id}", response_model=DocumentDetail)
def get_document(
    document_id: uuid.UUID, caller: SignedIn, transaction: InTransaction
) -> DocumentDetail:
    """One document, its status and its pages."""
    store = DocumentStore(transaction.session)
    document = store.of_user(document_id, caller.user_id)
    return DocumentDetail.with_pages(document, store.pages(document_id))


@router.get("/{document_id}/pages/{number}", response_model=PageText)
def get_page(
    document_id: uuid.UUID,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    caller: SignedIn,
    transaction: InTransaction,
) -> PageText:
    """The text of one page, counted from 1."""
    store = DocumentStore(transaction.session)
    store.of_user(document_id, caller.user_id)
    return PageText.of_row(store.page(document_id, number))


@router.post(
    "/{document_id}/transcription",
    status_code=202,
    response_model=DocumentInfo,
    dependencies=[Depends(limited_by_user("transcribe", 20, 3600))],
)
def transcribe(
    document_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
    service: Service,
    start: Annotated[StartJob, Depends(get_transcription_start)],
) -> DocumentInfo:
    """Have the pages that are pictures transcribed, where that could not be done before."""
    transcriptions = get_transcriptions(transaction.session)
    document, job = service.transcribe(document_id, caller.user_id, transcriptions)
    if job is not None:
        transaction.after_commit(partial(start, job))
    return DocumentInfo.of(document)


@router.delete("/{document_id}", status_code=204)
def delete_document(
    document_id: uuid.UUID,
    caller: SignedIn,
    transaction: InTransaction,
    service: Service,
    removal: Annotated[ObjectRemoval, Depends(get_object_removal)],
) -> Response:
    """Remove a document, its file, and all questions, answers and chats made of it."""
    files = service.delete(document_id, caller.user_id)
    transaction.after_commit(lambda: removal.remove(files))
    return Response(status_code=204)


app = create_application(
    "documents", health_router("documents", {"object_storage": check_storage}), router
)
handler = lambda_handler(app)
