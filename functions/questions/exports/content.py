"""What an export writes: a finished set with its keys, in no format's terms yet."""

import re
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.database.tables.questions import Question, QuestionSet

# What XML 1.0 can't hold, and so no format gets; half a surrogate pair can't be encoded at all.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?|[\u0085\u2028\u2029]")


@dataclass(frozen=True)
class ExportedCriterion:
    """One thing that a free answer is judged by."""

    id: str
    criterion: str
    points: float


@dataclass(frozen=True)
class ExportedQuestion:
    """One question with its key, all texts writable in every format."""

    id: uuid.UUID
    position: int
    type: str
    stem: str
    options: tuple[str, ...]
    answer: int | bool | str | tuple[str, ...]
    rubric: tuple[ExportedCriterion, ...]
    explanation: str
    option_feedback: tuple[str, ...]
    difficulty: str
    bloom: str
    page: int
    page_label: str | None
    quote: str
    transcribed: bool = False

    @property
    def points(self) -> float:
        """What a full answer is worth."""
        return round(sum(one.points for one in self.rubric), 2) or 1.0

    @property
    def source(self) -> str:
        """Where the question stands, for people to read; "OCR" says that the model read the page
        from a picture, in the one word that every language has for it."""
        label = self.page_label
        named = f"{label} ({self.page})" if label and label != str(self.page) else str(self.page)
        mark = ", OCR" if self.transcribed else ""
        return f"Page {named}{mark}: “{self.quote}”"

    @property
    def feedback(self) -> str:
        """What a learner reads after answering: why, and where it says so."""
        return "\n".join(part for part in (self.explanation, self.source) if part)

    @property
    def marking_guide(self) -> str:
        """The reference answer of a free question and its criteria, for whoever marks it."""
        criteria = [f"• {one.criterion} ({one.points:g})" for one in self.rubric]
        return "\n".join([str(self.answer), *criteria])


@dataclass(frozen=True)
class ExportedSet:
    """A question set as it leaves the system."""

    id: uuid.UUID
    title: str
    language: str | None
    questions: tuple[ExportedQuestion, ...]


def exported_set(
    question_set: QuestionSet, questions: Sequence[Question], language: str | None
) -> ExportedSet:
    """The set's rows as an export."""
    return ExportedSet(
        id=question_set.id,
        title=writable(question_set.title).strip() or "Questions",
        language=language,
        questions=tuple(_question(row) for row in questions),
    )


def writable(text: str) -> str:
    """The text without characters that no file format can hold, lines ended by a line feed."""
    return _UNWRITABLE.sub("", _LINE_END.sub("\n", unicodedata.normalize("NFC", text)))


def _question(row: Question) -> ExportedQuestion:
    return ExportedQuestion(
        id=row.id,
        position=row.position,
        type=row.type,
        stem=writable(row.stem),
        options=tuple(writable(str(one)) for one in row.options),
        answer=_answer(row.answer),
        rubric=tuple(
            ExportedCriterion(one["id"], writable(one["criterion"]), float(one["points"]))
            for one in row.rubric
        ),
        explanation=writable(row.explanation),
        option_feedback=tuple(writable(str(one)) for one in row.option_feedback or ()),
        difficulty=row.difficulty,
        bloom=row.bloom,
        page=row.source_page,
        page_label=writable(row.source_label) if row.source_label else None,
        quote=writable(row.source_quote),
        transcribed=row.source_transcribed,
    )


def _answer(answer: Any) -> int | bool | str | tuple[str, ...]:
    match answer:
        case bool() | int():
            return answer
        case list():
            return tuple(writable(str(one)) for one in answer)
        case _:
            return writable(str(answer))
