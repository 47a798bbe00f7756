"""What the pipeline needs of the outside."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.questions.rules.model import (
    ChunkPlan,
    DocumentPage,
    GenerationParameters,
    Question,
    Slot,
)
from functions.questions.rules.similarity import Gist
from shared.jobs.model import Claim


@dataclass(frozen=True)
class Generation:
    """A generation under way: its set, its document and what was asked for."""

    job_id: uuid.UUID
    user_id: uuid.UUID
    question_set_id: uuid.UUID
    document_id: uuid.UUID
    parameters: GenerationParameters
    deadline_at: datetime
    delivered: int


@dataclass(frozen=True)
class ChunkOutcome:
    """How a chunk ended: which slots it filled and why it left others open."""

    ordinal: int
    round: int
    slots: tuple[Slot, ...]
    rejections: Mapping[int, str]


class GenerationStore(Protocol):
    """One transaction on a generation."""

    def start(self, job_id: uuid.UUID) -> Generation:
        """The generation, marked as running. Raises JobCancelled where it has ended."""
        ...

    def generation(self, job_id: uuid.UUID) -> Generation:
        """The generation, locked. Raises JobCancelled where it has ended."""
        ...

    def pages(
        self, document_id: uuid.UUID, numbers: Sequence[int] | None = None
    ) -> list[DocumentPage]: ...

    def add_chunks(
        self, job_id: uuid.UUID, first_ordinal: int, round_number: int, plans: Sequence[ChunkPlan]
    ) -> None: ...

    def chunk_ordinals(self, job_id: uuid.UUID, round_number: int) -> list[int]: ...

    def outcomes(self, job_id: uuid.UUID) -> list[ChunkOutcome]: ...

    def filled(self, job_id: uuid.UUID) -> dict[int, Gist]:
        """The slots that have a question, with what it is about."""
        ...

    def stems(self, job_id: uuid.UUID) -> list[str]: ...

    def store_chunk(
        self, claim: Claim, questions: Sequence[Question], rejections: Mapping[int, str]
    ) -> None:
        """Store a chunk's questions, mark it done and tell it, all at once."""
        ...

    def complete(
        self, job_id: uuid.UUID, shortfall_reasons: Mapping[str, int], coverage: Mapping[str, Any]
    ) -> None: ...

    def fail(self, job_id: uuid.UUID, code: str, message: str) -> bool: ...


OpenStore = Callable[[], AbstractContextManager[GenerationStore]]
