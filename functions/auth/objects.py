"""The uploaded files in S3."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from shared.observability import get_logger

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_BATCH = 1000  # DeleteObjects takes no more.


class S3Objects:
    """Objects of one bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    @cached_property
    def _client(self) -> "S3Client":
        import boto3  # noqa: PLC0415  (300 ms of import, needed by erasure alone)
        from botocore.config import Config  # noqa: PLC0415

        # Path style, because a local endpoint has no host name for each bucket.
        return boto3.client("s3", config=Config(s3={"addressing_style": "path"}))

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; one that isn't there is fine. Failures are logged with their keys."""
        for batch in _batches(keys):
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True},
            )
            for error in answer.get("Errors", []):
                get_logger().error(
                    "object of an erased user not deleted",
                    extra={"key": error.get("Key"), "error": error.get("Code")},
                )


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]
