r"""GIFT, Moodle's plain-text format: https://docs.moodle.org/en/GIFT_format.

Texts are HTML (`[html]`), because Moodle shows formulas in HTML only. Backslashes are doubled:
Moodle would read `\n` of `\nu` as a line's end. Moodle takes `->` between answers as a matching
question and has no escape for it, so an accepted answer that holds one is written with Moodle's
wildcard: `a -> b` becomes `a -* b`.
"""

import re

from functions.questions.exports.content import ExportedQuestion, ExportedSet
from functions.questions.exports.markup import paragraph

_SPECIAL = re.compile(r"([~=#{}:\\])")
_FORMAT_MARK = re.compile(r"^\s*\[")


def write(exported: ExportedSet) -> bytes:
    """The set as a GIFT file."""
    title = _plain(exported.title)
    blocks = [
        f"// {' '.join(exported.title.split())}",
        f"$CATEGORY: $course$/top/{_category(title)}",
    ]
    blocks += [_question(question) for question in exported.questions]
    return ("\n\n".join(blocks) + "\n").encode()


def _category(title: str) -> str:
    """A category's name; Moodle reads a slash in it as a subcategory unless it is doubled."""
    return title.replace("/", "//")


def _question(question: ExportedQuestion) -> str:
    name = f"::{_plain(f'Question {question.position}')}::"
    general = f"####{_escaped(paragraph(question.feedback))}"
    match question.type:
        case "mcq":
            answers = [*_options(question), general]
        case "true_false":
            answers = [("TRUE" if question.answer else "FALSE") + general]
        case "fill_blank":
            accepted = question.answer if isinstance(question.answer, tuple) else ()
            answers = [*(f"=%100%{_short_answer(one)}" for one in accepted), general]
        case _:
            guide = paragraph(f"{question.marking_guide}\n{question.feedback}")
            answers = [f"####{_escaped(guide)}"]
    body = "\n".join(f"\t{line}" for line in answers)
    return f"{name}[html]{_escaped(paragraph(question.stem))}{{\n{body}\n}}"


def _options(question: ExportedQuestion) -> list[str]:
    lines = []
    for index, option in enumerate(question.options):
        sign = "=" if index == question.answer else "~"
        told = question.option_feedback[index] if question.option_feedback else ""
        feedback = f"#{_escaped(paragraph(told))}" if told else ""
        lines.append(f"{sign}{_escaped(paragraph(option))}{feedback}")
    return lines


def _short_answer(answer: str) -> str:
    """An accepted answer: plain text for Moodle, where only `*` means something."""
    text = " ".join(answer.split()).replace("*", r"\*").replace("->", "-*")
    return ("[plain]" if _FORMAT_MARK.match(text) else "") + _escaped(text)


def _plain(text: str) -> str:
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("\n", r"\n")
