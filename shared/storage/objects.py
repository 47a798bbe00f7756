"""The bucket of uploads in S3, as far as objects are deleted from it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from shared.storage.ports import StorageAway

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class S3Objects:
    """Objects of one bucket. boto3 is imported late: it takes 300 ms, and deletions are few."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    @cached_property
    def _client(self) -> "S3Client":
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        # Path style, because a local endpoint has no host name for each bucket. Impatient, because
        # somebody waits for the answer, and what fails is tried again.
        config = Config(
            s3={"addressing_style": "path"},
            connect_timeout=2,
            read_timeout=8,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        return boto3.client("s3", config=config)

    def delete(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Delete objects in one call, as the port says."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            )
        except ClientError as error:
            raise StorageAway(error.response["Error"]["Code"]) from error
        except BotoCoreError as error:
            raise StorageAway(type(error).__name__) from error
        return {error["Key"]: error["Code"] for error in answer.get("Errors", [])}
