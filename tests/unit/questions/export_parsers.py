"""Readers of the export formats, written from their specifications and not from the writers."""

import csv
import html
import io
import json
import re
import sqlite3
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET


@dataclass
class Read:
    """What a program would know of a question after importing it."""

    type: str
    stem: str
    options: list[str] = field(default_factory=list)
    correct: Any = None
    feedback: str = ""
    option_feedback: list[str] = field(default_factory=list)
    guide: str = ""


def text_of(markup: str) -> str:
    """What a browser shows of a fragment of HTML."""
    lines = re.sub(r"<br\s*/?>|</p>\s*<p[^>]*>", "\n", markup)
    return html.unescape(re.sub(r"</?[a-z][^>]*>", "", lines))


def _parsed(content: bytes) -> ET.Element:
    return ET.fromstring(content)  # noqa: S314  (we wrote it ourselves)


class _Gift:
    """Moodle's way of reading GIFT: escapes are put aside first, then signs are looked for."""

    ESCAPES = (":", "#", "=", "{", "}", "~", "n")

    def aside(self, text: str) -> str:
        text = text.replace("\\\\", "\ue000")
        for index, sign in enumerate(self.ESCAPES, start=1):
            text = text.replace(f"\\{sign}", chr(0xE000 + index))
        return text

    def back(self, text: str) -> str:
        text = text.strip()
        for index, sign in enumerate(self.ESCAPES, start=1):
            text = text.replace(chr(0xE000 + index), "\n" if sign == "n" else sign)
        return text.replace("\ue000", "\\")

    def formatted(self, text: str) -> str:
        text = self.back(text)
        if text.startswith("[html]"):
            return text_of(text.removeprefix("[html]"))
        if text.startswith("[plain]"):
            return text.removeprefix("[plain]")
        return text_of(text)

    def split_feedback(self, text: str) -> tuple[str, str]:
        answer, _, feedback = text.partition("#")
        return answer.strip(), self.formatted(feedback)


def read_gift(content: bytes) -> list[Read]:
    text = content.decode()
    blocks = re.split(r"\n\s*\n", text)
    questions = []
    for block in blocks:
        lines = [line for line in block.split("\n") if not line.strip().startswith("//")]
        joined = "\n".join(lines).strip()
        if joined and not joined.startswith("$CATEGORY:"):
            questions.append(_read_gift_question(joined))
    return questions


def _read_gift_question(block: str) -> Read:
    gift = _Gift()
    text = gift.aside(block)
    assert text.startswith("::")
    _, _, text = text[2:].partition("::")
    start, end = text.index("{"), text.rindex("}")
    assert text.count("{") == text.count("}") == 1
    stem, answers = gift.formatted(text[:start]), text[start + 1 : end].strip()
    answers, marked, general = answers.partition("####")
    feedback, answers = gift.formatted(general) if marked else "", answers.strip()
    if not answers:
        return Read("essay", stem, feedback=feedback)
    assert not answers.startswith("#"), "numerical"
    if "~" in answers:
        read = Read("choice", stem, feedback=feedback)
        for index, answer in enumerate(answers.replace("=", "~=").split("~")[1:]):
            is_key = answer.startswith("=")
            option, told = gift.split_feedback(answer.removeprefix("=").strip())
            read.options.append(gift.formatted(option))
            read.option_feedback.append(told)
            read.correct = index if is_key else read.correct
        return read
    assert not ("=" in answers and "->" in answers), "matching"
    truth = answers.partition("#")[0].strip()
    if truth in {"T", "TRUE", "F", "FALSE"}:
        return Read("judgement", stem, correct=truth in {"T", "TRUE"}, feedback=feedback)
    accepted = []
    for answer in answers.split("=")[1:]:
        weight = re.match(r"%(-?\d+(?:\.\d+)?)%", answer)
        assert weight
        assert float(weight[1]) == 100
        written, _ = gift.split_feedback(answer[weight.end() :])
        plain = gift.back(written).removeprefix("[plain]")
        accepted.append(plain.replace(r"\*", "*"))
    return Read("gap", stem, correct=accepted, feedback=feedback)


def read_moodle_xml(content: bytes) -> list[Read]:
    kinds = {
        "multichoice": "choice",
        "truefalse": "judgement",
        "shortanswer": "gap",
        "essay": "essay",
    }
    read = []
    for element in _parsed(content).findall("question"):
        if element.get("type") == "category":
            continue
        one = Read(kinds[element.attrib["type"]], _moodle_text(element, "questiontext"))
        one.feedback = _moodle_text(element, "generalfeedback")
        answers = element.findall("answer")
        right = [answer for answer in answers if answer.get("fraction") == "100"]
        if one.type == "choice":
            one.options = [text_of(answer.findtext("text", "")) for answer in answers]
            one.option_feedback = [_moodle_text(answer, "feedback") for answer in answers]
            assert len(right) == 1
            one.correct = answers.index(right[0])
        elif one.type == "judgement":
            one.correct = right[0].findtext("text") == "true"
        elif one.type == "gap":
            one.correct = [answer.findtext("text", "").replace(r"\*", "*") for answer in right]
        else:
            one.guide = _moodle_text(element, "graderinfo")
        read.append(one)
    return read


def _moodle_text(element: ET.Element, tag: str) -> str:
    child = element.find(tag)
    assert child is not None
    return text_of(child.findtext("text", ""))


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


_IMSCP = "{http://www.imsglobal.org/xsd/imscp_v1p1}"


def _resources(files: dict[str, bytes], kind: str) -> list[bytes]:
    """The files of one type, as the manifest names them; every file must be named there."""
    manifest = _parsed(files["imsmanifest.xml"])
    listed = manifest.findall(f".//{_IMSCP}resource")
    named = {file.attrib["href"] for one in listed for file in one.findall(f"{_IMSCP}file")}
    assert named == files.keys() - {"imsmanifest.xml"}
    return [files[one.attrib["href"]] for one in listed if one.get("type") == kind]


def read_qti21(content: bytes) -> list[Read]:
    files = _unpacked(content)
    qti = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"
    (test,) = _resources(files, "imsqti_test_xmlv2p1")
    order = [one.attrib["href"] for one in _parsed(test).iter(f"{qti}assessmentItemRef")]
    items = _resources(files, "imsqti_item_xmlv2p1")
    assert [files[name] for name in order] == items
    return [_read_qti21_item(_parsed(item), qti) for item in items]


def _read_qti21_item(item: ET.Element, qti: str) -> Read:
    def every(tag: str) -> list[ET.Element]:
        return list(item.iter(qti + tag))

    tags = [child.tag.removeprefix(qti) for child in item]
    order = ["responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing"]
    assert list(dict.fromkeys(tags)) == [*order, "modalFeedback"]
    declared = {one.get("identifier") for one in every("outcomeDeclaration")}
    assert {one.get("identifier") for one in every("setOutcomeValue")} <= declared
    feedback = "\n".join("".join(p.itertext()) for p in every("modalFeedback")[0])
    correct = [value.text for one in every("correctResponse") for value in one]
    if every("choiceInteraction"):
        choices = every("simpleChoice")
        names = [choice.get("identifier") for choice in choices]
        read = Read("choice", every("prompt")[0].text or "", feedback=feedback)
        read.options = [(choice.text or "").rstrip("\n ") for choice in choices]
        read.option_feedback = [one.text or "" for one in every("feedbackInline")]
        read.correct = names.index(correct[0])
        return read
    if every("textEntryInteraction"):
        (gap,) = every("textEntryInteraction")
        (body,) = every("itemBody")
        stem = (body[0].text or "").lstrip("\n") + "_____" + (gap.tail or "").rstrip("\n")
        accepted = [entry.get("mapKey") for entry in every("mapEntry")]
        assert correct[0] in accepted
        return Read("gap", stem, correct=accepted, feedback=feedback)
    guide = "\n".join("".join(p.itertext()) for p in every("rubricBlock")[0])
    return Read("essay", every("prompt")[0].text or "", feedback=feedback, guide=guide)


def read_qti12(content: bytes) -> list[Read]:
    files = _unpacked(content)
    (assessment,) = _resources(files, "imsqti_xmlv1p2")
    qti = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
    root = _parsed(assessment)
    return [_read_qti12_item(item, qti) for item in root.iter(f"{qti}item")]


def _read_qti12_item(item: ET.Element, qti: str) -> Read:
    def text(element: ET.Element) -> str:
        (material,) = element.iter(f"{qti}mattext")
        assert material.get("texttype") == "text/html"
        return text_of(material.text or "")

    entries = {
        one.findtext(f"{qti}fieldlabel"): one.findtext(f"{qti}fieldentry")
        for one in item.iter(f"{qti}qtimetadatafield")
    }
    told = {one.attrib["ident"]: text(one) for one in item.iter(f"{qti}itemfeedback")}
    linked = {one.attrib["linkrefid"] for one in item.iter(f"{qti}displayfeedback")}
    assert linked <= told.keys()
    presentation = item.find(f"{qti}presentation")
    assert presentation is not None
    stem = text_of(presentation.findtext(f"{qti}material/{qti}mattext", ""))
    right = [
        equal.text or ""
        for condition in item.iter(f"{qti}respcondition")
        if condition.findtext(f"{qti}setvar") == "100"
        for equal in condition.iter(f"{qti}varequal")
    ]
    kind = str(entries["question_type"])
    read = Read(kind, stem, feedback=told["general_fb"], guide=told.get("solution", ""))
    if kind in {"multiple_choice_question", "true_false_question"}:
        labels = list(item.iter(f"{qti}response_label"))
        names = [label.attrib["ident"] for label in labels]
        read.type = "choice"
        read.options = [text(label) for label in labels]
        read.option_feedback = [told[f"{name}_fb"] for name in names if f"{name}_fb" in told]
        read.correct = names.index(right[0])
    else:
        read.type = "gap" if kind == "short_answer_question" else "essay"
        read.correct = right or None
    return read


def read_anki(content: bytes) -> list[dict[str, str]]:
    """The notes of a package, field by field, after a look at what Anki needs to import it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "collection.anki2"
        path.write_bytes(_unpacked(content)["collection.anki2"])
        database = sqlite3.connect(path)
        try:
            (models,) = database.execute("SELECT models FROM col").fetchone()
            rows = database.execute("SELECT id, mid, guid, flds FROM notes ORDER BY id").fetchall()
            cards = database.execute("SELECT nid FROM cards").fetchall()
        finally:
            database.close()
    assert sorted(row[0] for row in rows) == sorted(card[0] for card in cards)
    assert len({row[2] for row in rows}) == len(rows)
    notes = []
    for _, model, guid, fields in rows:
        names = [one["name"] for one in json.loads(models)[str(model)]["flds"]]
        notes.append({"guid": guid, **dict(zip(names, fields.split("\x1f"), strict=True))})
    return notes


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
