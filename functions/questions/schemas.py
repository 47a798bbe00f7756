"""The JSON of the questions service."""

import re
import unicodedata
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from functions.questions.rules.model import (
    Bloom,
    Difficulty,
    GenerationParameters,
    PageRange,
    QuestionType,
)
from shared.config import get_settings
from shared.database.tables.questions import Question, QuestionSet
from shared.jobs.schemas import JobView

_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$"


class PageRangeBody(BaseModel):
    """Pages of the document, both ends included, counted from 1."""

    model_config = ConfigDict(extra="forbid")

    first: int = Field(alias="from", ge=1, le=100_000)
    last: int = Field(alias="to", ge=1, le=100_000)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class GenerateBody(BaseModel):
    """What is wanted. `types`, `difficulty` and `bloom` take one value or several."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "document_id": "01981d4e-7c1a-7b52-9a53-0f6cf2a1d9e3",
                    "count": 20,
                    "types": ["mcq", "short_answer"],
                    "pages": {"from": 3, "to": 20},
                }
            ]
        },
    )

    document_id: uuid.UUID
    count: Annotated[int, Field(strict=True, ge=1)]
    types: list[QuestionType] = Field(default=[], max_length=len(QuestionType))
    difficulty: list[Difficulty] = Field(default=[], max_length=len(Difficulty))
    bloom: list[Bloom] = Field(default=[], max_length=len(Bloom))
    pages: PageRangeBody | None = None
    language: Annotated[str, StringConstraints(pattern=_LANGUAGE)] | None = None
    focus: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] | None = None
    fresh: bool = False

    _one_or_many = field_validator("types", "difficulty", "bloom", mode="before")(_listed)

    @field_validator("count")
    @classmethod
    def _within_limit(cls, value: int) -> int:
        most = get_settings().question_count_maximum
        if value > most:
            raise ValueError(f"at most {most} questions at once")
        return value

    @field_validator("pages")
    @classmethod
    def _in_order(cls, value: PageRangeBody | None) -> PageRangeBody | None:
        if value and value.first > value.last:
            raise ValueError("`from` must not be after `to`")
        return value

    @field_validator("focus")
    @classmethod
    def _plain(cls, value: str | None) -> str | None:
        if value and any(unicodedata.category(one) == "Cc" for one in value):
            raise ValueError("must not hold control characters")
        return re.sub(r"\s+", " ", value) if value else None

    def parameters(self) -> GenerationParameters:
        """The wish in the domain's terms."""
        return GenerationParameters(
            count=self.count,
            types=tuple(dict.fromkeys(self.types)),
            difficulties=tuple(dict.fromkeys(self.difficulty)),
            blooms=tuple(dict.fromkeys(self.bloom)),
            pages=PageRange(self.pages.first, self.pages.last) if self.pages else None,
            language=self.language,
            focus=self.focus,
        )


class SourceView(BaseModel):
    """Where the question stands in the document.

    `transcribed` says that the model read the page from a picture: the quote may hold its errors.
    """

    page: int
    label: str | None
    quote: str
    start: int
    end: int
    transcribed: bool


class CriterionView(BaseModel):
    """One thing that a free answer is judged by."""

    id: str
    criterion: str
    points: float


class QuestionView(BaseModel):
    """A question; the key, rubric and explanations are there only for who may see them, as is
    whether a blind solve disagreed with the key (null where none was made)."""

    id: uuid.UUID
    position: int
    version: int
    type: QuestionType
    stem: str
    options: list[str]
    difficulty: Difficulty
    bloom: Bloom
    source: SourceView
    answer: int | bool | str | list[str] | None = None
    rubric: list[CriterionView] | None = None
    explanation: str | None = None
    option_feedback: list[str] | None = None
    needs_review: bool | None = None
    review_reason: str | None = None


class QuestionSetView(BaseModel):
    """A question set, without its questions in lists."""

    id: uuid.UUID
    document_id: uuid.UUID
    job_id: uuid.UUID
    title: str
    status: Literal["generating", "draft", "published", "failed"]
    requested: int
    delivered: int
    shortfall: int
    shortfall_reasons: dict[str, int]
    coverage: dict[str, Any]
    parameters: dict[str, Any]
    created_at: datetime
    completed_at: datetime | None
    published_at: datetime | None
    questions: list[QuestionView] | None = None


class GenerationView(BaseModel):
    """The answer to a wish for questions."""

    job: JobView
    question_set: QuestionSetView


def _without_control_characters(value: str) -> str:
    if any(unicodedata.category(one) == "Cc" and one not in "\n\t" for one in value):
        raise ValueError("must not hold control characters")
    return value


_Plain = AfterValidator(_without_control_characters)
_Stem = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_500)]
_Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]


class CriterionBody(BaseModel):
    """One thing that a free answer is to be judged by."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    criterion: Annotated[_Option, _Plain]
    points: float


class EditQuestionBody(BaseModel):
    """What is to change in a question; what is left out stays.

    An accepted form of a gap may name how near is near enough: `9.81 ± 0.02 m/s²`, `12 V ± 5 %`,
    `3–5 mm`. Numbers are compared in any unit of the same kind.
    """

    model_config = ConfigDict(extra="forbid")

    stem: Annotated[_Stem, _Plain] | None = None
    options: list[Annotated[_Option, _Plain]] | None = None
    answer: (
        Annotated[int, Field(strict=True)]
        | bool
        | Annotated[_Note, _Plain]
        | Annotated[list[Annotated[_Option, _Plain]], Field(max_length=20)]
        | None
    ) = None
    rubric: Annotated[list[CriterionBody], Field(max_length=10)] | None = None
    explanation: Annotated[_Note, _Plain] | None = None
    option_feedback: list[Annotated[_Note, _Plain]] | None = None
    difficulty: Difficulty | None = None
    bloom: Bloom | None = None


class VersionView(BaseModel):
    """A question as it was, or is; of a question that was made again, its forerunners too."""

    question_id: uuid.UUID
    version: int
    content: dict[str, Any]
    replaced_by: uuid.UUID | None
    replaced_at: datetime | None


def question_view(row: Question, *, with_keys: bool) -> QuestionView:
    """A question as its reader may see it."""
    view = QuestionView(
        id=row.id,
        position=row.position,
        version=row.version,
        type=QuestionType(row.type),
        stem=row.stem,
        options=row.options,
        difficulty=Difficulty(row.difficulty),
        bloom=Bloom(row.bloom),
        source=SourceView(
            page=row.source_page,
            label=row.source_label,
            quote=row.source_quote,
            start=row.source_start,
            end=row.source_end,
            transcribed=row.source_transcribed,
        ),
    )
    if with_keys:
        view.answer = row.answer
        view.rubric = [CriterionView(**one) for one in row.rubric]
        view.explanation = row.explanation
        view.option_feedback = row.option_feedback
        view.needs_review = row.needs_review
        view.review_reason = row.review_reason
    return view


def question_set_view(
    row: QuestionSet, questions: list[Question] | None = None, *, with_keys: bool = False
) -> QuestionSetView:
    """A set, with its questions where they are given. While it grows there is no shortfall yet."""
    finished = row.status in {"draft", "published", "failed"}
    return QuestionSetView(
        id=row.id,
        document_id=row.document_id,
        job_id=row.job_id,
        title=row.title,
        status=row.status,
        requested=row.requested,
        delivered=row.delivered,
        shortfall=row.requested - row.delivered if finished else 0,
        shortfall_reasons=row.shortfall_reasons,
        coverage=row.coverage,
        parameters=row.parameters,
        created_at=row.created_at,
        completed_at=row.completed_at,
        published_at=row.published_at,
        questions=None
        if questions is None
        else [question_view(one, with_keys=with_keys) for one in questions],
    )
