"""The Lambda entry of the sweep, once a minute: each step runs, whatever became of the others."""

from collections.abc import Callable
from typing import Any

from functions.jobs.wiring import (
    get_expiry,
    get_job_sweep,
    get_object_sweep,
    get_transcription_retries,
)
from shared.observability import get_logger


class SweepIncomplete(RuntimeError):
    """Some steps of a sweep failed; the next sweep tries them again."""


def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Sweep once; the answer says how much each step did."""
    jobs, expiry, objects = get_job_sweep(), get_expiry(), get_object_sweep()
    steps = (
        jobs.end_overdue,
        jobs.start_unstarted,
        jobs.stop_outlived,
        jobs.tell_ends,
        get_transcription_retries().retry_transcriptions,
        expiry.reject_missing_uploads,
        expiry.forget_answers,
        expiry.forget_sessions,
        expiry.forget_tokens,
        objects.delete_objects,
        objects.tell_stubborn_objects,
    )
    done = {step.__name__: _run(step) for step in steps}
    get_logger().info("sweep", extra={"done": done})
    failed = [name for name, count in done.items() if count is None]
    if failed:
        raise SweepIncomplete(", ".join(failed))
    return {name: count for name, count in done.items() if count is not None}


def _run(step: Callable[[], int]) -> int | None:
    try:
        return step()
    except Exception:
        get_logger().exception("a step of the sweep failed", extra={"step": step.__name__})
        return None
