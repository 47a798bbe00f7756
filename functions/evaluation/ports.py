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
    """A short-answer question as the grader needs it."""

    id: uuid.UUID
    version: int
    stem: str
    reference_answer: str
    rubric: tuple[RubricCriterion, ...]
    source_page: int
    source_quote: str
    language: str | None

    @property
    def max_score(self) -> float:
        """The points of all criteria."""
        return round(sum(one.points for one in self.rubric), 2)


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
        """The same grade for an equal answer of the same submission."""
        return replace(self, answer_id=answer_id)


@dataclass(frozen=True)
class Ungraded:
    """An answer that the model would not judge: a person has to."""

    answer_id: uuid.UUID
    reason: str


class EvaluationStore(Protocol):
    """One transaction on an evaluation."""

    def start(self, job_id: uuid.UUID) -> None:
        """Mark the job as running. Raises JobCancelled where it has ended."""
        ...

    def answers(self, answer_ids: Sequence[uuid.UUID]) -> list[AnswerToGrade]: ...

    def store_batch(
        self,
        claim: Claim,
        grades: Sequence[NewGrade],
        ungraded: Sequence[Ungraded],
        cache_keys: Mapping[uuid.UUID, str],
    ) -> None:
        """Store a batch's grades, mark the chunk done and tell it, all at once."""
        ...

    def complete(self, job_id: uuid.UUID) -> None:
        """End the job and the submission, by whether every answer has its grade."""
        ...

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool: ...


OpenStore = Callable[[], AbstractContextManager[EvaluationStore]]
