"""A race of calls for one prompt: the first good answer wins."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from shared.ai.attempts import Attempts
from shared.ai.client import CallFailed
from shared.ai.error_table import Next

T = TypeVar("T")


def is_good(task: "asyncio.Task[T]") -> bool:
    """Whether this call has been answered."""
    return task.done() and not task.cancelled() and task.exception() is None


async def first_good(tasks: Sequence["asyncio.Task[T]"], attempts: Attempts) -> T:
    """The first success.

    If there is none, the most telling failure is raised, and every key that failed is passed over
    by the next try.
    """
    pending = set(tasks)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if is_good(task):
                return task.result()
    failures = [error for task in tasks if (error := task.exception()) is not None]
    for error in failures:
        if isinstance(error, CallFailed):
            attempts.pass_over(error.failure, error.alias)
    raise min(failures, key=_weight)


def _weight(error: BaseException) -> int:
    """Our own errors before all, then what is the request's own fate, then the rest."""
    if not isinstance(error, CallFailed):
        return 0
    return 1 if error.failure.then is Next.GIVE_UP else 2
