"""Object storage in memory."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from functions.documents.ports import (
    DownloadedObject,
    ObjectTooLarge,
    PresignedUpload,
    StorageUnavailable,
)
from shared.storage.ports import StorageAway


class FakeObjectStorage:
    """Keeps `objects` by key; `outages` is how many of the next calls fail.

    `undeletable` says of which keys deletion is refused, and with which code; `meanwhile` runs with
    each deletion, and `deletions` counts its objects.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.outages = 0
        self.downloads = 0
        self.undeletable: dict[str, str] = {}
        self.deletions: list[int] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def presign_upload(self, key: str, most_bytes: int) -> PresignedUpload:
        return PresignedUpload(
            "https://storage.test/uploads", {"key": key, "most": str(most_bytes)}
        )

    def download(self, key: str, path: Path, most_bytes: int) -> DownloadedObject:
        self._fail_during_an_outage()
        self.downloads += 1
        if key not in self.objects:
            raise StorageUnavailable("no such object")
        content = self.objects[key]
        if len(content) > most_bytes:
            raise ObjectTooLarge(f"{len(content)} bytes")
        path.write_bytes(content)
        return DownloadedObject(len(content), hashlib.sha256(content).hexdigest())

    def delete(self, keys: Sequence[str]) -> Mapping[str, str]:
        self.deletions.append(len(keys))
        self.meanwhile()
        try:
            self._fail_during_an_outage()
        except StorageUnavailable:
            raise StorageAway("ServiceUnavailable") from None
        failed = {key: self.undeletable[key] for key in keys if key in self.undeletable}
        for key in keys:
            if key not in failed:
                self.objects.pop(key, None)
        return failed

    def check(self) -> None:
        self._fail_during_an_outage()

    def _fail_during_an_outage(self) -> None:
        if self.outages > 0:
            self.outages -= 1
            raise StorageUnavailable("the storage is away")
