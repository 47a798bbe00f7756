"""How long an evaluation may take: longer where the model must be asked more often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from functions.evaluation.batch_plans import calls_for
from shared.jobs.model import ChunkPlan

# Others' calls share the pace, and some calls are made twice.
_SPARE = 2


@dataclass(frozen=True)
class Deadlines:
    """`shortest` for a job of few calls; `calls_a_minute` is the least that the pool can make."""

    shortest: timedelta
    longest: timedelta
    calls_a_minute: float

    def of(self, chunks: Sequence[ChunkPlan]) -> timedelta:
        """The shortest time, and twice what the pool needs for all calls, up to the longest."""
        calls = sum(calls_for(chunk.payload) for chunk in chunks)
        at_this_pace = timedelta(minutes=_SPARE * calls / self.calls_a_minute)
        return min(self.shortest + at_this_pace, max(self.longest, self.shortest))
