"""A deck of Anki notes, written by genanki."""

import hashlib
import io
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING

from functions.questions.exports.content import ExportedQuestion, ExportedSet
from functions.questions.exports.markup import as_html, paragraph

if TYPE_CHECKING:
    from genanki import Model  # type: ignore[import-untyped]

# Anki tells note types apart by this number: a change of fields needs another.
_MODEL_ID = 1_719_430_511
_FIELDS = ("Question", "Options", "Answer", "Explanation", "Source")
_FRONT = "{{Question}}{{Options}}"
_BACK = (
    "{{FrontSide}}<hr id=answer>{{Answer}}{{Explanation}}"
    "<div class=source dir=auto>{{Source}}</div>"
)
_STYLE = """\
.card { font-family: sans-serif; font-size: 20px; text-align: start; }
ol { list-style: upper-alpha; }
.source { color: gray; font-size: 14px; }
"""


def write(exported: ExportedSet) -> bytes:
    """The set as an .apkg file. Importing it again updates its notes instead of doubling them."""
    from genanki import Deck, Note, Package  # noqa: PLC0415  (0.8 s of import, for this alone)

    deck = Deck(_number(exported.id), exported.title)
    for question in exported.questions:
        note = Note(
            model=_model(),
            fields=_fields(question),
            tags=[question.difficulty, question.bloom, question.type],
            guid=str(question.id),
        )
        deck.add_note(note)
    buffer = io.BytesIO()
    Package(deck).write_to_file(buffer)
    return buffer.getvalue()


@lru_cache
def _model() -> "Model":
    from genanki import Model  # noqa: PLC0415

    return Model(
        _MODEL_ID,
        "Learning App question",
        fields=[{"name": name} for name in _FIELDS],
        templates=[{"name": "Question", "qfmt": _FRONT, "afmt": _BACK}],
        css=_STYLE,
        sort_field_index=0,
    )


def _fields(question: ExportedQuestion) -> list[str]:
    options = "".join(f"<li dir=auto>{as_html(option)}</li>" for option in question.options)
    return [
        paragraph(question.stem),
        f"<ol>{options}</ol>" if options else "",
        paragraph(_answer(question)),
        paragraph(question.explanation) if question.explanation else "",
        as_html(question.source),
    ]


def _answer(question: ExportedQuestion) -> str:
    match question.answer:
        case bool():
            return "True" if question.answer else "False"
        case int():
            return f"{chr(ord('A') + question.answer)}. {question.options[question.answer]}"
        case tuple():
            return " / ".join(question.answer)
        case _:
            return question.marking_guide


def _number(identifier: uuid.UUID) -> int:
    """A deck's number: stable for a set, within the 31 bits that every Anki reads."""
    digest = hashlib.sha256(identifier.bytes).digest()
    return int.from_bytes(digest[:4], "big") >> 1 | 1 << 30
