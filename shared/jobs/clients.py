"""The AWS clients that jobs are driven with: built when first used, never waited on for long."""

from functools import lru_cache
from typing import TYPE_CHECKING

from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

# A call that hangs must not outlast the lease of the chunk that it is made for.
_LIMITS = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})


@lru_cache
def get_queue_client() -> "SQSClient":
    """The SQS client of this process."""
    import boto3  # noqa: PLC0415  (slow to import, and not every function needs it)

    return boto3.client("sqs", config=_LIMITS)


@lru_cache
def get_state_machine_client() -> "SFNClient":
    """The Step Functions client of this process."""
    import boto3  # noqa: PLC0415  (slow to import, and not every function needs it)

    return boto3.client("stepfunctions", config=_LIMITS)
