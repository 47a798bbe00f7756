"""The Lambda entries of the evaluation's state machine and queue."""

import uuid
from typing import Any

from functions.evaluation.wiring import get_pipeline, get_worker
from shared.errors import JobCancelled
from shared.jobs.queue import work_through
from shared.observability import get_logger


def grade_handler(event: dict[str, Any], context: Any) -> Any:
    """Grade: a batch of chunk messages, all at once."""
    return work_through(event, context, get_worker(), get_pipeline().grade)


def finish_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Finish: `{job_id}` completes the submission; with an `error` the job fails."""
    job_id = uuid.UUID(event["job_id"])
    get_logger().info("finish", extra={"job_id": str(job_id), "failed": "error" in event})
    pipeline = get_pipeline()
    if "error" in event:
        pipeline.fail(job_id, "evaluation_failed", "The evaluation could not be carried out.")
        return {"outcome": "failed"}
    try:
        pipeline.finish(job_id)
    except JobCancelled:
        get_logger().info("the job has ended before", extra={"job_id": str(job_id)})
    return {"outcome": "completed"}
