"""Documents as clients send and receive them."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from functions.documents.ports import PresignedUpload
from functions.documents.store import PageSummary
from shared.database.tables.documents import Document, DocumentPage
from shared.usable_documents import NEEDS_OCR

Status = Literal["awaiting_upload", "processing", "ready", "rejected"]
TextSource = Annotated[
    Literal["text_layer", "transcription"] | None,
    Field(
        description="Null as long as nobody knows what the page says. A transcription is made by"
        " the model from a picture of the page: it may hold errors."
    ),
]


_UNREAD = "Pages that are pictures of text could not be transcribed yet."


class NewDocument(BaseModel):
    """A file that the client is about to upload."""

    model_config = ConfigDict(extra="forbid")

    filename: Annotated[
        StrictStr,
        Field(
            min_length=1,
            max_length=1000,
            examples=["lecture-7.pdf"],
            description="Folders before the name are cut off; 255 characters may be left.",
        ),
    ]
    size_bytes: Annotated[
        StrictInt,
        Field(ge=1, examples=[1_482_113], description="The upload may not be larger than this."),
    ]


class Rejection(BaseModel):
    """Why a document can't be used; `code` is stable."""

    code: Annotated[str, Field(examples=["encrypted"])]
    message: str


class PageInfo(BaseModel):
    """A page without its text. `label` is its printed number, where that is another."""

    number: Annotated[int, Field(examples=[7])]
    label: Annotated[str | None, Field(examples=["vii"])]
    characters: int
    has_text: bool
    text_source: TextSource
    transcription_error: Annotated[str | None, Field(examples=["reply_blocked"])]

    @classmethod
    def of(cls, page: PageSummary) -> "PageInfo":
        """The page as clients see it in a list."""
        return cls.model_validate(_page_fields(page))


class PageText(PageInfo):
    """A page with its text."""

    text: str

    @classmethod
    def of_row(cls, page: DocumentPage) -> "PageText":
        """The page as clients see it."""
        return cls.model_validate({**_page_fields(page), "text": page.text})


class Ocr(BaseModel):
    """How far the transcription of pages that are pictures is.

    `needs_ocr` says that some could not be read, and why: the document is used for the rest. What
    time may mend is tried again at `retry_at`; the owner can ask for it at any time.
    """

    status: Literal["none", "needs_ocr", "transcribing", "done"]
    error_code: Annotated[str | None, Field(examples=["quota_exhausted"])]
    message: str | None
    retry_at: datetime | None
    job_id: uuid.UUID | None

    @classmethod
    def of(cls, document: Document) -> "Ocr":
        """The transcription as clients see it."""
        return cls.model_validate(
            {
                "status": document.ocr_status or "none",
                "error_code": document.ocr_error_code,
                "message": _UNREAD if document.ocr_status == NEEDS_OCR else None,
                "retry_at": document.ocr_retry_at,
                "job_id": document.ocr_job_id,
            }
        )


class DocumentInfo(BaseModel):
    """A document. What reading finds is null until `status` is `ready`."""

    id: uuid.UUID
    filename: Annotated[str, Field(examples=["lecture-7.pdf"])]
    size_bytes: int
    status: Status
    error: Rejection | None
    sha256: str | None
    title: str | None
    language: Annotated[str | None, Field(examples=["en"])]
    page_count: int | None
    character_count: int | None
    ocr: Ocr
    created_at: datetime

    @classmethod
    def of(cls, document: Document) -> "DocumentInfo":
        """The document as clients see it in a list."""
        return cls.model_validate(_fields(document))


class Bookmark(BaseModel):
    """An entry of the PDF's own outline; `level` says how deep it stands, from 1."""

    title: str
    page: Annotated[int, Field(examples=[7])]
    level: int


class DocumentDetail(DocumentInfo):
    """A document, its pages and its outline, which is empty where the PDF has none."""

    pages: list[PageInfo]
    outline: list[Bookmark]

    @classmethod
    def with_pages(cls, document: Document, pages: list[PageSummary]) -> "DocumentDetail":
        """The document as clients see it by itself."""
        return cls.model_validate(
            {
                **_fields(document),
                "pages": [PageInfo.of(page) for page in pages],
                "outline": document.outline,
            }
        )


class Upload(BaseModel):
    """A form to post as multipart/form-data: all `fields`, then the file as `file`."""

    url: str
    fields: dict[str, str]


class CreatedDocument(BaseModel):
    """A document that awaits its file, and how to send it."""

    document: DocumentInfo
    upload: Upload

    @classmethod
    def of(cls, document: Document, upload: PresignedUpload) -> "CreatedDocument":
        """The answer to a creation."""
        return cls(
            document=DocumentInfo.of(document), upload=Upload(url=upload.url, fields=upload.fields)
        )


def _page_fields(page: PageSummary | DocumentPage) -> dict[str, object]:
    return {
        "number": page.number,
        "label": page.label,
        "characters": page.characters,
        "has_text": page.has_text,
        "text_source": page.text_source,
        "transcription_error": page.transcription_error,
    }


def _fields(document: Document) -> dict[str, object]:
    error = None
    if document.error_code is not None:
        error = Rejection(code=document.error_code, message=document.error_message or "")
    return {
        "id": document.id,
        "filename": document.filename,
        "size_bytes": document.size_bytes,
        "status": document.status,
        "error": error,
        "sha256": document.sha256,
        "title": document.title,
        "language": document.language,
        "page_count": document.page_count,
        "character_count": document.character_count,
        "ocr": Ocr.of(document),
        "created_at": document.created_at,
    }
