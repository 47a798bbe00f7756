"""Brings the database to the newest schema at deployment: a custom resource of CloudFormation.

CloudFormation waits for an answer that is sent to the event's ResponseURL, whatever happens.
"""

import json
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from shared.observability import get_logger

PHYSICAL_ID = "database-schema"
_ATTEMPTS = 4
_TIMEOUT_SECONDS = 10


def handler(event: dict[str, Any], context: Any) -> None:
    """Migrate on Create and Update, do nothing on Delete, and tell CloudFormation."""
    answer_to(event, context, _migrate)


def answer_to(event: dict[str, Any], context: Any, migrate: Callable[[], None]) -> None:
    """Run `migrate` where the event asks for it, and send the outcome.

    Raises OSError or HTTPException where the outcome can't be told.
    """
    request = event["RequestType"]
    get_logger().info("migration", extra={"request": request})
    reason = ""
    if request in {"Create", "Update"}:
        reason = _run(migrate, context)
    _send(
        event["ResponseURL"],
        {
            "Status": "FAILED" if reason else "SUCCESS",
            "Reason": reason or f"{request}: done",
            "PhysicalResourceId": event.get("PhysicalResourceId", PHYSICAL_ID),
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
        },
    )


def _migrate() -> None:
    from shared.config import get_settings  # noqa: PLC0415  (its failure must be told too)
    from shared.database.migrate import upgrade  # noqa: PLC0415

    upgrade(get_settings().resolved_database_url())


def _run(migrate: Callable[[], None], context: Any) -> str:
    """Why the migration failed, or nothing. An error's own text may hold addresses and names."""
    try:
        migrate()
    except Exception as error:
        get_logger().exception("migration failed")
        stream = getattr(context, "log_stream_name", "this function")
        return f"The migration failed with {type(error).__name__}: see the log of {stream}."
    return ""


def _send(url: str, answer: dict[str, str]) -> None:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("the ResponseURL is no web address")
    # The address is signed for exactly this, an empty, content type.
    request = urllib.request.Request(  # noqa: S310  (checked above)
        url, json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT"
    )
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
                return
        except (OSError, HTTPException):
            if attempt == _ATTEMPTS:
                raise
            get_logger().warning("CloudFormation was not reached", extra={"attempt": attempt})
            time.sleep(0.25 * 2**attempt)
