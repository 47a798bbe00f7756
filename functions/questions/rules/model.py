"""What a question, the wish for questions and the plan of making them are."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class QuestionType(StrEnum):
    """How a question is answered."""

    MCQ = "mcq"
    TRUE_FALSE = "true_false"
    SHORT_ANSWER = "short_answer"
    FILL_BLANK = "fill_blank"


class Difficulty(StrEnum):
    """How hard a question is meant to be."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Bloom(StrEnum):
    """The level of thinking that a question asks for (Bloom's taxonomy, revised 2001)."""

    REMEMBER = "remember"
    UNDERSTAND = "understand"
    APPLY = "apply"
    ANALYSE = "analyse"
    EVALUATE = "evaluate"
    CREATE = "create"


@dataclass(frozen=True)
class PageRange:
    """Pages `first` to `last` of a document, both included."""

    first: int
    last: int


@dataclass(frozen=True)
class GenerationParameters:
    """What a user asks for. Empty tuples mean: a sensible mix."""

    count: int
    types: tuple[QuestionType, ...] = ()
    difficulties: tuple[Difficulty, ...] = ()
    blooms: tuple[Bloom, ...] = ()
    pages: PageRange | None = None
    language: str | None = None
    focus: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The parameters in one canonical form, for storage and for the cache's key."""
        return {
            "count": self.count,
            "types": sorted(self.types),
            "difficulty": sorted(self.difficulties),
            "bloom": sorted(self.blooms),
            "pages": {"from": self.pages.first, "to": self.pages.last} if self.pages else None,
            "language": self.language,
            "focus": self.focus,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "GenerationParameters":
        """The inverse of `as_json`."""
        pages = value["pages"]
        return cls(
            count=value["count"],
            types=tuple(QuestionType(one) for one in value["types"]),
            difficulties=tuple(Difficulty(one) for one in value["difficulty"]),
            blooms=tuple(Bloom(one) for one in value["bloom"]),
            pages=PageRange(pages["from"], pages["to"]) if pages else None,
            language=value["language"],
            focus=value["focus"],
        )


@dataclass(frozen=True)
class DocumentPage:
    """A page's text, with its number and its printed label.

    `transcribed` says that the model read it from a picture: it may hold errors; `unread`, that it
    is a picture whose text nobody knows.
    """

    number: int
    label: str | None
    text: str
    has_text: bool = True
    transcribed: bool = False
    unread: bool = False


@dataclass(frozen=True)
class Passage:
    """A stretch of a page: the characters `start` to `end` of its text."""

    page: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Span:
    """The characters `start` to `end` of a page's text."""

    page: int
    start: int
    end: int

    def overlaps(self, other: "Span") -> bool:
        """Whether the two have text in common."""
        return self.page == other.page and self.start < other.end and other.start < self.end


def span_of(place: "Passage | Source") -> Span:
    """Where a passage or a question's source stands."""
    return Span(place.page, place.start, place.end)


@dataclass(frozen=True)
class Slot:
    """One question wanted: its number in the set, from 1, and its place in the blueprint.

    `page` is the page that the question is to come from, None as long as no text was dealt.
    """

    number: int
    type: QuestionType
    difficulty: Difficulty
    bloom: Bloom
    key_position: int | None = None
    page: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The slot as a chunk's payload holds it."""
        return {
            "number": self.number,
            "type": self.type.value,
            "difficulty": self.difficulty.value,
            "bloom": self.bloom.value,
            "key_position": self.key_position,
            "page": self.page,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Slot":
        """The inverse of `as_json`."""
        return cls(
            value["number"],
            QuestionType(value["type"]),
            Difficulty(value["difficulty"]),
            Bloom(value["bloom"]),
            value["key_position"],
            # Batches that were planned by an earlier release have none.
            value.get("page"),
        )


@dataclass(frozen=True)
class ChunkPlan:
    """The slots that one model call fills, and the passages it fills them from."""

    slots: tuple[Slot, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Source:
    """Where a question stands: `start` and `end` are offsets into that page's text."""

    page: int
    label: str | None
    quote: str
    start: int
    end: int
    transcribed: bool = False


@dataclass(frozen=True)
class Criterion:
    """One thing that a free answer is judged by."""

    id: str
    criterion: str
    points: float


@dataclass(frozen=True)
class Question:
    """A question that passed every check. `answer` follows the contract's form for its type."""

    id: uuid.UUID
    slot: Slot
    stem: str
    options: tuple[str, ...]
    answer: int | bool | str | tuple[str, ...]
    rubric: tuple[Criterion, ...]
    explanation: str
    option_feedback: tuple[str, ...]
    source: Source


@dataclass(frozen=True)
class Rejection:
    """Why the model's proposal for a slot was dropped."""

    slot: int
    reason: str
