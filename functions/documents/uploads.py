"""Object storage by S3: presigned uploads, and downloads with a bound."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.documents.ports import (
    DownloadedObject,
    ObjectTooLarge,
    PresignedUpload,
    StorageUnavailable,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT_TYPE = "application/pdf"
_PIECE_BYTES = 1024 * 1024


@lru_cache
def get_storage_client() -> "S3Client":
    """The S3 client of this process. Path style, since a local endpoint has no host per bucket."""
    import boto3  # noqa: PLC0415  (slow to import)

    return boto3.client(
        "s3",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=2,
            read_timeout=10,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
    )


class S3Uploads:
    """The bucket of uploads. `seconds` is how long an upload may be started."""

    def __init__(self, bucket: str, seconds: int) -> None:
        self._bucket = bucket
        self._seconds = seconds

    def presign_upload(self, key: str, most_bytes: int) -> PresignedUpload:
        """The form to post a PDF with.

        An empty file is let in: it is rejected by the reader, which tells the learner why.
        """
        form = get_storage_client().generate_presigned_post(
            self._bucket,
            key,
            Fields={"Content-Type": CONTENT_TYPE},
            Conditions=[
                {"Content-Type": CONTENT_TYPE},
                ["content-length-range", 0, most_bytes],
            ],
            ExpiresIn=self._seconds,
        )
        return PresignedUpload(form["url"], form["fields"])

    def download(self, key: str, path: Path, most_bytes: int) -> DownloadedObject:
        """Write the object to `path`, hashing it on the way."""
        digest = hashlib.sha256()
        size = 0
        with _telling_outages(), path.open("wb") as file:
            answer = get_storage_client().get_object(Bucket=self._bucket, Key=key)
            if answer["ContentLength"] > most_bytes:
                answer["Body"].close()
                raise ObjectTooLarge(f"{answer['ContentLength']} bytes")
            for piece in answer["Body"].iter_chunks(_PIECE_BYTES):
                digest.update(piece)
                file.write(piece)
                size += len(piece)
        return DownloadedObject(size, digest.hexdigest())

    def check(self) -> None:
        """Ask for the bucket."""
        with _telling_outages():
            get_storage_client().head_bucket(Bucket=self._bucket)


@contextmanager
def _telling_outages() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StorageUnavailable("The file storage can't be reached at the moment.") from error
