"""A table of comma-separated values (RFC 4180) that spreadsheets open as it is."""

import csv
import io
import re

from functions.questions.exports.content import ExportedQuestion, ExportedSet

_COLUMNS = (
    *("position", "type", "stem", "options", "answer", "accepted_answers", "rubric"),
    *("explanation", "option_feedback", "difficulty", "bloom"),
    *("page", "page_label", "quote", "transcribed"),
)
# A spreadsheet would run such a cell as a formula; a leading apostrophe makes it text.
_FORMULA = re.compile(r"^\s*[=+\-@]")
_NUMBER = re.compile(r"^[+-]?\d+([.,]\d+)?$")


def write(exported: ExportedSet) -> bytes:
    """The set as CSV in UTF-8 with the mark that Excel knows it by, one row a question.

    Several values of one cell stand on a line each. Cells that look like a formula begin with an
    apostrophe.
    """
    table = io.StringIO(newline="")
    rows = csv.writer(table)
    rows.writerow(_COLUMNS)
    for question in exported.questions:
        rows.writerow([_cell(value) for value in _row(question)])
    return table.getvalue().encode("utf-8-sig")


def _row(question: ExportedQuestion) -> list[str]:
    accepted = question.answer if isinstance(question.answer, tuple) else ()
    return [
        str(question.position),
        question.type,
        question.stem,
        _lines(question.options),
        _key(question),
        _lines(accepted),
        _lines([f"{one.criterion} ({one.points:g})" for one in question.rubric]),
        question.explanation,
        _lines(question.option_feedback),
        question.difficulty,
        question.bloom,
        str(question.page),
        question.page_label or "",
        question.quote,
        _yes_or_no(value=question.transcribed),
    ]


def _key(question: ExportedQuestion) -> str:
    match question.answer:
        case bool():
            return _yes_or_no(value=question.answer)
        case int():
            return question.options[question.answer]
        case tuple():
            return question.answer[0]
        case _:
            return question.answer


def _yes_or_no(*, value: bool) -> str:
    return "true" if value else "false"


def _lines(values: tuple[str, ...] | list[str]) -> str:
    return "\n".join(" ".join(value.split()) for value in values)


def _cell(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.match(text) else text
