"""What the pipeline needs of the outside, and what it hands to it."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from functions.evaluation.rules.answers import Verdict
from shared.jobs.model import Claim


@dataclass(frozen=True)
class RubricCriterion:
    """One criterion of a question's rubric."""

    id: str
    criterion: str
    points: float


@dataclass(frozen=True)
class FreeQuestion:
    """A short-answer question as the grader needs it; `tenant_id` is who owns its set."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    version: int
    stem: str
    reference_answer: str
    rubric: tuple[RubricCriterion, ...]
    source_page: int
    source_label: str | None
    source_quote: str
    language: str | None

    @property
    def max_score(self) -> float:
        """The points of all criteria."""
        return round(sum(one.points for one in self.rubric), 2)

    @property
    def page(self) -> str:
        """The page as it is printed, or its number."""
        return self.source_label or str(self.source_page)


@dataclass(frozen=True)
class AnswerToGrade:
    """One free answer of a submission and the question it answers."""

    id: uuid.UUID
    question: FreeQuestion
    text: str


@dataclass(frozen=True)
class NewGrade:
    """A grade to be stored. `provenance` says what made it."""

    answer_id: uuid.UUID
    score: float
    max_score: float
    verdict: Verdict
    feedback: str
    source: str
    criteria: tuple[dict[str, Any], ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def copied_to(self, answer_id: uuid.UUID) -> "NewGrade":
        """The same grade for an equal answer."""
        return replace(self, answer_id=answer_id)


@dataclass(frozen=True)
class Ungraded:
    """An answer that the model would not judge: a person has to."""

    answer_id: uuid.UUID
    reason: str


@dataclass(frozen=True)
class BatchOutcome:
    """What came of a batch: fresh grades with their answers, copies of them, and what is open."""

    fresh: Sequence[tuple[AnswerToGrade, NewGrade]] = ()
    others: Sequence[NewGrade] = ()
    ungraded: Sequence[Ungraded] = ()

    @property
    def grades(self) -> list[NewGrade]:
        """All grades, fresh or not."""
        return [*(grade for _, grade in self.fresh), *self.others]


class EvaluationStore(Protocol):
    """One transaction on an evaluation."""

    def start(self, job_id: uuid.UUID) -> bool:
        """Mark the job as running; False where it is already, or has ended."""
        ...

    def open_answers(self, claim: Claim) -> list[AnswerToGrade]:
        """Those of the batch's answers that still wait for the grade it is to give."""
        ...

    def from_cache(self, answers: Sequence[AnswerToGrade]) -> list[NewGrade]:
        """Grades that equal answers have got meanwhile."""
        ...

    def keep(self, claim: Claim, outcome: BatchOutcome) -> None:
        """Store grades of a batch that is not finished. Raises as `finish_batch`."""
        ...

    def finish_batch(self, claim: Claim, outcome: BatchOutcome) -> None:
        """Store a batch's grades, mark the chunk done and tell it, all at once.

        Raises JobCancelled where the job has ended and LeaseLost where another worker took over.
        """
        ...

    def appealed(self, appeal_id: uuid.UUID) -> AnswerToGrade:
        """The answer of an appeal. Raises JobCancelled where the appeal was settled meanwhile."""
        ...

    def finish_appeal(self, claim: Claim, appeal_id: uuid.UUID, fresh: NewGrade | Ungraded) -> None:
        """Store an appeal's fresh grading, mark the chunk done and tell it, all at once."""
        ...

    def complete(self, job_id: uuid.UUID) -> None:
        """End the job by whether every answer got its grade, with its submissions or its appeal."""
        ...

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool: ...


OpenStore = Callable[[], AbstractContextManager[EvaluationStore]]
