"""What product code knows of a language model: requests, replies and the port that answers them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel
from typing_extensions import TypeVar

Purpose = Literal["generate", "grade", "chat", "verify", "transcribe"]
ValueT = TypeVar("ValueT", bound=BaseModel | None, default=None)


class Lane(StrEnum):
    """Who goes first when quota is short: chat, then grading, then generation."""

    CHAT = "chat"
    GRADING = "grading"
    GENERATION = "generation"


@dataclass(frozen=True)
class DataPart:
    """Untrusted data for the model; becomes one text part that is a single JSON object."""

    value: Mapping[str, Any]


@dataclass(frozen=True)
class FilePart:
    """A file sent inline, e.g. a page of a PDF or an image."""

    mime_type: str
    content: bytes


@dataclass(frozen=True)
class Turn:
    """One earlier turn of the conversation."""

    role: Literal["user", "model"]
    text: str


@dataclass(frozen=True, kw_only=True)
class ModelRequest(Generic[ValueT]):
    """One question to the model.

    `parts` become the last user content, in order; a plain string is a text part of its own.
    With `response_type` the reply is asked for as JSON of that schema and validated against it.
    `deadline` is the aware moment after which an answer is of no use: attempts, waits, failover
    and repair all end before it.
    """

    lane: Lane
    purpose: Purpose
    system_instruction: str
    parts: tuple[DataPart | FilePart | str, ...]
    max_output_tokens: int
    temperature: float
    deadline: datetime
    history: tuple[Turn, ...] = ()
    response_type: type[ValueT] | None = None
    user_id: UUID | None = None
    job_id: UUID | None = None


@dataclass(frozen=True)
class Usage:
    """Tokens as the model's provider counted them; cached ones are part of the prompt's."""

    prompt_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    thought_tokens: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything to count."""
        return self != Usage()


@dataclass(frozen=True, kw_only=True)
class ModelReply(Generic[ValueT]):
    """The model's answer. `value` is the validated object, or None where text was asked for."""

    value: ValueT
    text: str
    model: str
    key_alias: str
    usage: Usage
    latency_seconds: float
    attempts: int


@dataclass(frozen=True)
class TextDelta:
    """A further piece of a streamed answer."""

    text: str


@dataclass(frozen=True)
class StreamEnd:
    """The last item of every stream that ended well; `reply.text` is the whole answer."""

    reply: ModelReply


class LanguageModel(Protocol):
    """Answers requests; raises the errors of shared.ai.errors."""

    async def generate(self, request: ModelRequest[ValueT]) -> ModelReply[ValueT]:
        """The whole answer at once."""
        ...

    def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | StreamEnd]:
        """The answer as it is written; text only. Once a delta was given no other key is tried:
        a stream that breaks then raises ModelUnavailable."""
        ...
