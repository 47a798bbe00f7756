"""A document's beginning and end."""

import uuid

from functions.documents.ports import Documents, ObjectStorage, PresignedUpload
from functions.documents.rules import check_size, clean_filename, object_key
from shared.config import DocumentLimits
from shared.database.tables.documents import Document
from shared.identifiers import new_id


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

    def delete(self, document_id: uuid.UUID, user_id: uuid.UUID) -> None:
        """Remove a document, its file and all made of it. Raises NotFound, StorageUnavailable.

        The file goes first: where that fails nothing has changed and the call can be repeated. A
        file that is uploaded later finds no document and is removed by the reader.
        """
        document = self._store.of_user(document_id, user_id, lock=True)
        self._storage.delete(document.object_key)
        self._store.remove(document.id)
