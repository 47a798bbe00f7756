"""Moodle XML: https://docs.moodle.org/en/Moodle_XML_format."""

from xml.etree import ElementTree as ET

from functions.questions.exports.content import ExportedQuestion, ExportedSet
from functions.questions.exports.markup import paragraph
from functions.questions.exports.xml_writing import add, document

_TYPES = {
    "mcq": "multichoice",
    "true_false": "truefalse",
    "fill_blank": "shortanswer",
    "short_answer": "essay",
}


def write(exported: ExportedSet) -> bytes:
    """The set as a file of questions in a category of its own."""
    quiz = ET.Element("quiz")
    category = add(add(quiz, "question", type="category"), "category")
    name = " ".join(exported.title.split()).replace("/", "//")
    add(category, "text", f"$course$/top/{name}")
    for question in exported.questions:
        _question(quiz, question)
    return document(quiz)


def _question(quiz: ET.Element, question: ExportedQuestion) -> None:
    element = add(quiz, "question", type=_TYPES[question.type])
    add(add(element, "name"), "text", f"Question {question.position}")
    _html(element, "questiontext", question.stem)
    _html(element, "generalfeedback", question.feedback)
    add(element, "defaultgrade", f"{question.points:g}")
    add(element, "penalty", "0")
    add(element, "hidden", "0")
    add(element, "idnumber", str(question.id))
    match question.type:
        case "mcq":
            _options(element, question)
        case "true_false":
            _judgement(element, correct=bool(question.answer))
        case "fill_blank":
            _accepted(element, question)
        case _:
            _essay(element, question)
    tags = add(element, "tags")
    for tag in (question.difficulty, question.bloom, f"page {question.page}"):
        add(add(tags, "tag"), "text", tag)


def _options(element: ET.Element, question: ExportedQuestion) -> None:
    add(element, "single", "true")
    add(element, "shuffleanswers", "true")
    add(element, "answernumbering", "abc")
    for index, option in enumerate(question.options):
        fraction = "100" if index == question.answer else "0"
        answer = add(element, "answer", fraction=fraction, format="html")
        add(answer, "text", paragraph(option))
        told = question.option_feedback[index] if question.option_feedback else ""
        _html(answer, "feedback", told)


def _judgement(element: ET.Element, *, correct: bool) -> None:
    for value, name in ((True, "true"), (False, "false")):
        fraction = "100" if value is correct else "0"
        answer = add(element, "answer", fraction=fraction, format="moodle_auto_format")
        add(answer, "text", name)


def _accepted(element: ET.Element, question: ExportedQuestion) -> None:
    add(element, "usecase", "0")
    for accepted in question.answer if isinstance(question.answer, tuple) else ():
        answer = add(element, "answer", fraction="100", format="moodle_auto_format")
        # A bare asterisk is Moodle's wildcard.
        add(answer, "text", accepted.replace("*", r"\*"))


def _essay(element: ET.Element, question: ExportedQuestion) -> None:
    add(element, "responseformat", "editor")
    add(element, "responserequired", "1")
    add(element, "responsefieldlines", "5")
    add(element, "attachments", "0")
    _html(element, "graderinfo", question.marking_guide)


def _html(parent: ET.Element, tag: str, text: str) -> None:
    add(add(parent, tag, format="html"), "text", paragraph(text) if text else "")
