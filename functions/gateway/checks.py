"""Whether each thing that the system stands on answers. A check raises where it doesn't."""

from collections.abc import Mapping
from functools import lru_cache, partial
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.config import ConfigurationError, Settings, get_settings
from shared.web.health import Check, check_cache, check_database

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

GOOGLE = "https://generativelanguage.googleapis.com"
_CONNECT_SECONDS = 2
_READ_SECONDS = 3


def required_checks() -> Mapping[str, Check]:
    """What the main job, from a PDF to graded answers, can't run without."""
    settings = get_settings()
    # Made here and not in a check: their making takes seconds on a cold start, and is no latency.
    s3, sqs, states = _client("s3"), _client("sqs"), _client("stepfunctions")
    return {
        "database": check_database,
        "object_storage": partial(check_bucket, s3, settings.documents_bucket),
        "generation_queue": partial(check_queue, sqs, settings.generation_queue_url),
        "grading_queue": partial(check_queue, sqs, settings.grading_queue_url),
        "generation_state_machine": partial(
            check_state_machine, states, settings.generation_state_machine_arn
        ),
        "evaluation_state_machine": partial(
            check_state_machine, states, settings.evaluation_state_machine_arn
        ),
        "gemini": partial(check_reachable, gemini_address(settings)),
    }


def optional_checks() -> Mapping[str, Check]:
    """What can be gone while the main job goes on, slower, without chat or scans."""
    settings, sqs = get_settings(), _client("sqs")
    return {
        "cache": check_cache,
        "chat_queue": partial(check_queue, sqs, settings.chat_queue_url),
        "transcription_queue": partial(check_queue, sqs, settings.transcription_queue_url),
    }


def gemini_address(settings: Settings) -> str:
    """Where the model is: what is configured, or Google."""
    return settings.gemini_base_url or GOOGLE


def check_bucket(s3: "S3Client", bucket: str) -> None:
    """Raise if the bucket isn't there."""
    s3.head_bucket(Bucket=bucket)


def check_queue(sqs: "SQSClient", url: str) -> None:
    """Raise if the queue isn't there."""
    sqs.get_queue_attributes(QueueUrl=_configured(url), AttributeNames=["QueueArn"])


def check_state_machine(states: "SFNClient", arn: str) -> None:
    """Raise if the state machine isn't there or is being deleted."""
    described = states.describe_state_machine(stateMachineArn=_configured(arn))
    if described["status"] != "ACTIVE":
        raise ConnectionError("the state machine is being deleted")


def check_reachable(address: str) -> None:
    """Raise if no HTTP server answers there. Any answer is one: no key is sent."""
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(_configured(parts.hostname or ""), parts.port, timeout=_CONNECT_SECONDS)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    finally:
        connection.close()


def _configured(value: str) -> str:
    if not value:
        raise ConfigurationError("not configured")
    return value


@lru_cache
def _client(service: str) -> Any:
    """A client that gives up early and doesn't try again: the answer would come too late."""
    import boto3  # noqa: PLC0415  (300 ms of import, which /docs needs not)
    from botocore.config import Config  # noqa: PLC0415

    patience = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
    )
    client: Any = boto3.client  # one overload a service of AWS
    return client(service, config=patience)
