"""The Lambda function that transcribes scanned pages: a message is one document's transcription."""

from typing import Any

from functions.documents.transcription_wiring import get_transcription, get_worker
from shared.jobs.queue import work_through


def handler(event: dict[str, Any], context: Any) -> Any:
    """Transcribe; the answer names the messages that must come again."""
    return work_through(event, context, get_worker(), get_transcription().transcribe)
