"""S3's notifications as they arrive in SQS messages."""

import json
from typing import Any
from urllib.parse import unquote_plus


def uploaded_keys(body: str) -> list[str]:
    """The keys of the objects that a message says were created; none in S3's test message.

    Raises ValueError for what is no notification.
    """
    message = json.loads(body)
    try:
        if message.get("Event") == "s3:TestEvent":
            return []
        return [_key(record) for record in message["Records"] if _is_creation(record)]
    except (KeyError, TypeError, AttributeError):
        raise ValueError("not a notification of S3") from None


def _is_creation(record: dict[str, Any]) -> bool:
    name = str(record["eventName"])
    return name.removeprefix("s3:").startswith("ObjectCreated:")


def _key(record: dict[str, Any]) -> str:
    return unquote_plus(str(record["s3"]["object"]["key"]))
