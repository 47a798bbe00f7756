"""Whether a document can be used: it was read, and says something."""

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from shared.database.tables.documents import Document, DocumentPage
from shared.errors import Conflict

NEEDS_OCR = "needs_ocr"
_BEING_READ = "The document's pages are pictures of text, which are being transcribed."
_NOT_READ = "The document's pages are pictures of text, which could not be transcribed yet."


def is_unread() -> ColumnElement[bool]:
    """The pages that are pictures of which nobody knows what they say."""
    return and_(DocumentPage.text_source.is_(None), DocumentPage.has_text.is_(False))


def require_text(session: Session, document: Document) -> None:
    """Raises Conflict unless some page's text can be used.

    `document_not_ready` says that it is worth waiting, `needs_ocr` that the pages are unread and
    nobody reads them now.
    """
    if document.status != "ready":
        status = document.status.replace("_", " ")
        raise Conflict(f"The document is {status}, not ready.", code="document_not_ready")
    with_text = exists().where(DocumentPage.document_id == document.id, DocumentPage.has_text)
    if session.scalar(select(with_text)):
        return
    if document.ocr_status == "transcribing":
        raise Conflict(_BEING_READ, code="document_not_ready")
    raise Conflict(_not_read(document), code=NEEDS_OCR)


def _not_read(document: Document) -> str:
    if document.ocr_retry_at is None:
        return _NOT_READ
    return f"{_NOT_READ} They are tried again at {document.ocr_retry_at:%Y-%m-%d %H:%M} UTC."
