"""Questions as rows: written, copied, and read back as what they are about."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from functions.questions.rules.coverage import delivered_by
from functions.questions.rules.model import Bloom, Difficulty, QuestionType, Slot, Span
from functions.questions.rules.model import Question as MadeQuestion
from functions.questions.rules.similarity import Gist
from shared.database.tables.questions import Question
from shared.identifiers import new_id

CONTENT = (
    *("stem", "options", "answer", "rubric", "explanation", "option_feedback"),
    *("difficulty", "bloom"),
)
_COPIED = (
    *("chunk", "position", "type", *CONTENT),
    *("source_page", "source_label", "source_quote", "source_start", "source_end"),
    "source_transcribed",
    *("needs_review", "review_reason"),
)


def question_row(question_set_id: uuid.UUID, chunk: int, question: MadeQuestion) -> Question:
    """The row of a question that was just made."""
    answer = question.answer
    return Question(
        id=question.id,
        question_set_id=question_set_id,
        chunk=chunk,
        position=question.slot.number,
        type=question.slot.type.value,
        stem=question.stem,
        options=list(question.options),
        answer=list(answer) if isinstance(answer, tuple) else answer,
        rubric=[
            {"id": one.id, "criterion": one.criterion, "points": one.points}
            for one in question.rubric
        ],
        explanation=question.explanation,
        option_feedback=list(question.option_feedback),
        difficulty=question.slot.difficulty.value,
        bloom=question.slot.bloom.value,
        source_page=question.source.page,
        source_label=question.source.label,
        source_quote=question.source.quote,
        source_start=question.source.start,
        source_end=question.source.end,
        source_transcribed=question.source.transcribed,
        version=1,
    )


def copied_row(row: Question, question_set_id: uuid.UUID) -> Question:
    """The same question in another set, with no history."""
    copied = {name: getattr(row, name) for name in _COPIED}
    return Question(id=new_id(), question_set_id=question_set_id, version=1, **copied)


def slot_of(row: Question) -> Slot:
    """The place in the blueprint that a question fills, its key's position left open."""
    return Slot(row.position, QuestionType(row.type), Difficulty(row.difficulty), Bloom(row.bloom))


class StoredQuestion(Protocol):
    """As much of a question's row as says what it asks."""

    @property
    def type(self) -> str: ...
    @property
    def stem(self) -> str: ...
    @property
    def options(self) -> list[Any]: ...
    @property
    def answer(self) -> Any: ...


def stored_gist(row: StoredQuestion) -> Gist:
    """What a stored question is about."""
    match row.type:
        case "mcq":
            return Gist.of(row.stem, str(row.options[row.answer]))
        case "fill_blank":
            return Gist.of(row.stem, str(row.answer[0]))
        case "short_answer":
            return Gist.of(row.stem, str(row.answer))
        case _:
            return Gist.of(row.stem, "")


def delivered(rows: Sequence[Question], coverage: Mapping[str, Any]) -> dict[str, Any]:
    """How the questions are spread over types, difficulties, levels, and the coverage's pages and
    sections."""
    spans = [Span(row.source_page, row.source_start, row.source_end) for row in rows]
    return {
        "types": dict(Counter(row.type for row in rows)),
        "difficulty": dict(Counter(row.difficulty for row in rows)),
        "bloom": dict(Counter(row.bloom for row in rows)),
        "pages": sorted({row.source_page for row in rows}),
        **delivered_by(coverage, spans),
    }
