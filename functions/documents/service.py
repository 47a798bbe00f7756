"""A document's beginning and end."""

import uuid
from collections.abc import Sequence

from functions.documents.ports import Documents, ObjectStorage, PresignedUpload
from functions.documents.rules import check_size, clean_filename, object_key
from shared.config import DocumentLimits
from shared.database.tables.documents import Document
from shared.database.tables.jobs import Job
from shared.errors import Conflict
from shared.identifiers import new_id
from shared.jobs.transcriptions import Transcriptions
from shared.storage.ports import DeletionNote


class DocumentService:
    """Creates and deletes documents."""

    def __init__(self, store: Documents, storage: ObjectStorage, limits: DocumentLimits) -> None:
        self._store = store
        self._storage = storage
        self._limits = limits

    def create(
        self, user_id: uuid.UUID, filename: str, size_bytes: int
    ) -> tuple[Document, PresignedUpload]:
        """A document that awaits its file. Raises InvalidRequest naming the field."""
        check_size(size_bytes, self._limits.bytes)
        document_id = new_id()
        document = Document(
            id=document_id,
            user_id=user_id,
            filename=clean_filename(filename),
            object_key=object_key(user_id, document_id),
            size_bytes=size_bytes,
            status="awaiting_upload",
        )
        self._store.add(document)
        return document, self._storage.presign_upload(document.object_key, size_bytes)

    def transcribe(
        self, document_id: uuid.UUID, user_id: uuid.UUID, transcriptions: Transcriptions | None
    ) -> tuple[Document, Job | None]:
        """Have the unread pages transcribed; the job is to be started, None where one runs.

        Raises NotFound, and Conflict where nothing can be transcribed.
        """
        document = self._store.of_user(document_id, user_id, lock=True)
        if document.ocr_status == "transcribing":
            return document, None
        if transcriptions is None:
            raise Conflict("Scans are not transcribed here.", code="transcription_off")
        job = transcriptions.begin_again(document)
        if job is None:
            raise Conflict("No page is left to transcribe.", code="nothing_to_transcribe")
        return document, job

    def delete(self, document_id: uuid.UUID, user_id: uuid.UUID) -> Sequence[DeletionNote]:
        """Remove a document and all made of it; its file is to be removed after the commit.

        Work on it is cancelled. A file that is uploaded later finds no document and is removed by
        the reader. Raises NotFound.
        """
        self._store.of_user(document_id, user_id)
        self._store.cancel_work(document_id)
        document = self._store.of_user(document_id, user_id, lock=True)
        return self._store.remove(document.id)
