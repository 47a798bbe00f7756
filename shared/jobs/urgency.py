"""Which of several failures at once a chunk ends with."""

from collections.abc import Iterable

from shared.ai.errors import ModelOutage, ModelSaturated
from shared.errors import JobCancelled


def most_urgent(failures: Iterable[BaseException]) -> BaseException:
    """The end of the job before all; then a wait for quota, which costs no attempt.

    Raises ValueError where there is no failure.
    """
    return min(failures, key=_urgency)


def _urgency(failure: BaseException) -> int:
    if isinstance(failure, JobCancelled):
        return 0
    return 1 if isinstance(failure, ModelSaturated | ModelOutage) else 2
