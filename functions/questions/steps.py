"""The Lambda entries of the generation's state machine and queue."""

import uuid
from typing import Any

from functions.questions.wiring import get_pipeline, get_worker
from shared.errors import JobCancelled
from shared.jobs.queue import work_through
from shared.observability import get_logger


def plan_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Plan: `{job_id}` → the chunks to generate; none where the job has ended meanwhile."""
    job_id = uuid.UUID(event["job_id"])
    get_logger().info("plan", extra={"job_id": str(job_id)})
    try:
        ordinals = get_pipeline().plan(job_id)
    except JobCancelled:
        ordinals = []
    return {"chunks": [{"ordinal": ordinal} for ordinal in ordinals]}


def generate_handler(event: dict[str, Any], context: Any) -> Any:
    """Generate: a batch of chunk messages, all at once."""
    return work_through(event, context, get_worker(), get_pipeline().generate)


def finish_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Finish: `{job_id}` → `completed` or `refill` with chunks; with an `error` the job fails."""
    job_id = uuid.UUID(event["job_id"])
    get_logger().info("finish", extra={"job_id": str(job_id), "failed": "error" in event})
    pipeline = get_pipeline()
    if "error" in event:
        pipeline.fail(job_id, "generation_failed", "The generation could not be carried out.")
        return {"outcome": "failed", "chunks": []}
    try:
        ordinals = pipeline.finish(job_id)
    except JobCancelled:
        ordinals = []
    chunks = [{"ordinal": ordinal} for ordinal in ordinals]
    return {"outcome": "refill" if chunks else "completed", "chunks": chunks}
