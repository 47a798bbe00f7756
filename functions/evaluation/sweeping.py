"""Handles requests for regrading that nobody's reading of grades has handled."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

from functions.evaluation.regrading import Regraded, Regrading
from shared.jobs.executions import execution_input
from shared.jobs.state_machine import StateMachine
from shared.observability import get_logger

# So many questions a sweep; the next one takes the next.
_PORTION = 100


class SweepIncomplete(RuntimeError):
    """Some questions could not be handled; the next sweep tries them again."""


class RegradeSweep:
    """May run at any time, any number of times, beside others."""

    def __init__(
        self,
        open_regrading: Callable[[], AbstractContextManager[Regrading]],
        state_machine: StateMachine,
    ) -> None:
        self._open_regrading = open_regrading
        self._state_machine = state_machine

    def run(self) -> int:
        """Handle each question in a transaction of its own; how many were handled.

        Raises SweepIncomplete where one failed, after all others had their turn.
        """
        with self._open_regrading() as regrading:
            regrading.settle()
            waiting = regrading.open_questions(_PORTION)
        outcomes = [self._try(question_id) for question_id in waiting]
        failed = [one for one, done in zip(waiting, outcomes, strict=True) if done is None]
        if failed:
            raise SweepIncomplete(", ".join(map(str, failed)))
        return sum(done is True for done in outcomes)

    def _try(self, question_id: uuid.UUID) -> bool | None:
        """Whether there was something to handle; None where that failed."""
        try:
            return self._handle(question_id)
        except Exception:
            get_logger().exception(
                "a question's answers were not regraded", extra={"question_id": str(question_id)}
            )
            return None

    def _handle(self, question_id: uuid.UUID) -> bool:
        with self._open_regrading() as regrading:
            done = regrading.handle(question_id)
        if done is not None:
            self._start(done)
        return done is not None

    def _start(self, done: Regraded) -> None:
        """Where the start is lost, the sweep over jobs starts it."""
        if done.job is not None:
            self._state_machine.start(done.job.id, execution_input(done.job.user_id, done.ordinals))
