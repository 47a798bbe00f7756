"""What the documents service needs of the outside."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.database.tables.documents import Document
from shared.database.tables.jobs import Job
from shared.errors import LearningAppError, ServiceUnavailable
from shared.storage.ports import DeletionNote


class StorageUnavailable(ServiceUnavailable):
    """Object storage doesn't answer, or not with what was asked."""

    code = "storage_unavailable"


class ObjectTooLarge(LearningAppError):
    """The object has more bytes than may be downloaded."""

    code = "too_large"


@dataclass(frozen=True)
class PresignedUpload:
    """A form that a client posts, with the file as its last field `file`, to store one object."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class DownloadedObject:
    """What a download wrote to disk."""

    size_bytes: int
    sha256: str


StartJob = Callable[[Job], None]
RemoveObjects = Callable[[Sequence[DeletionNote]], int]


class Documents(Protocol):
    """The documents there are, within one transaction."""

    def add(self, document: Document) -> None: ...

    def of_user(
        self, document_id: uuid.UUID, user_id: uuid.UUID, *, lock: bool = False
    ) -> Document:
        """A user's document. Raises NotFound for anybody else's."""
        ...

    def cancel_work(self, document_id: uuid.UUID) -> None:
        """End the jobs that make something of a document that nobody has locked."""
        ...

    def remove(self, document_id: uuid.UUID) -> Sequence[DeletionNote]:
        """Delete a document and what hangs on it; its file is noted for deletion."""
        ...


class ObjectStorage(Protocol):
    """The bucket that uploads go to."""

    def presign_upload(self, key: str, most_bytes: int) -> PresignedUpload:
        """The right to store up to `most_bytes` of PDF under exactly `key`, for a while."""
        ...

    def download(self, key: str, path: Path, most_bytes: int) -> DownloadedObject:
        """Write an object to `path`. Raises StorageUnavailable and ObjectTooLarge."""
        ...

    def check(self) -> None:
        """Raise StorageUnavailable where the bucket can't be reached."""
        ...
