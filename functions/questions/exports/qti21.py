"""QTI 2.1 (IMS Question & Test Interoperability) in an IMS content package:
https://www.imsglobal.org/question/index.html."""

from xml.etree import ElementTree as ET

from functions.questions.exports.content import ExportedQuestion, ExportedSet
from functions.questions.exports.markup import with_mathjax
from functions.questions.exports.xml_writing import add, document, package

_QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_GAP = "_____"


def write(exported: ExportedSet) -> bytes:
    """The set as a ZIP: the manifest, a test, and one item a question."""
    items = {f"items/{_name(one)}.xml": _item(one, exported.language) for one in exported.questions}
    return package(
        {
            "imsmanifest.xml": _manifest(exported),
            "assessment.xml": _test(exported),
            **items,
        }
    )


def _name(question: ExportedQuestion) -> str:
    return f"q{question.id.hex}"


def _manifest(exported: ExportedSet) -> bytes:
    manifest = ET.Element("manifest", xmlns=_PACKAGE, identifier=f"set{exported.id.hex}")
    metadata = add(manifest, "metadata")
    add(metadata, "schema", "QTIv2.1 Package")
    add(metadata, "schemaversion", "1.0.0")
    add(manifest, "organizations")
    resources = add(manifest, "resources")
    names = [_name(question) for question in exported.questions]
    test = add(
        resources, "resource", identifier="assessment", type="imsqti_test_xmlv2p1",
        href="assessment.xml",
    )  # fmt: skip
    add(test, "file", href="assessment.xml")
    for name in names:
        add(test, "dependency", identifierref=name)
    for name in names:
        href = f"items/{name}.xml"
        item = add(resources, "resource", identifier=name, type="imsqti_item_xmlv2p1", href=href)
        add(item, "file", href=href)
    return document(manifest)


def _test(exported: ExportedSet) -> bytes:
    test = ET.Element(
        "assessmentTest", xmlns=_QTI, identifier=f"set{exported.id.hex}", title=exported.title
    )
    part = add(
        test, "testPart", identifier="part1", navigationMode="nonlinear",
        submissionMode="individual",
    )  # fmt: skip
    section = add(
        part, "assessmentSection", identifier="section1", title=exported.title, visible="true"
    )
    for question in exported.questions:
        name = _name(question)
        add(section, "assessmentItemRef", identifier=name, href=f"items/{name}.xml")
    return document(test)


def _item(question: ExportedQuestion, language: str | None) -> bytes:
    item = ET.Element(
        "assessmentItem", xmlns=_QTI, identifier=_name(question),
        title=f"Question {question.position}", adaptive="false", timeDependent="false",
    )  # fmt: skip
    if language:
        item.set(_LANGUAGE, language)
    match question.type:
        case "mcq":
            _choice(item, question, [*question.options], int(question.answer))  # type: ignore[arg-type]
        case "true_false":
            _choice(item, question, ["True", "False"], 0 if question.answer else 1)
        case "fill_blank":
            _gap(item, question)
        case _:
            _essay(item, question)
    return document(item)


def _choice(item: ET.Element, question: ExportedQuestion, options: list[str], key: int) -> None:
    declaration = _response(item, "identifier")
    add(add(declaration, "correctResponse"), "value", f"choice{key}")
    _outcomes(item, question)
    interaction = add(
        add(item, "itemBody"), "choiceInteraction", responseIdentifier="RESPONSE",
        shuffle="true" if question.type == "mcq" else "false", maxChoices="1",
    )  # fmt: skip
    add(interaction, "prompt", with_mathjax(question.stem))
    for index, option in enumerate(options):
        choice = add(interaction, "simpleChoice", with_mathjax(option), identifier=f"choice{index}")
        if question.option_feedback:
            told = with_mathjax(question.option_feedback[index])
            add(
                choice, "feedbackInline", told, outcomeIdentifier="CHOSEN",
                identifier=f"choice{index}", showHide="show",
            )  # fmt: skip
    processing = _processing(item)
    condition = add(processing, "responseCondition")
    right = add(condition, "responseIf")
    match = add(right, "match")
    add(match, "variable", identifier="RESPONSE")
    add(match, "correct", identifier="RESPONSE")
    _set(right, "SCORE", "float", "1")
    _set(add(condition, "responseElse"), "SCORE", "float", "0")
    add(add(processing, "setOutcomeValue", identifier="CHOSEN"), "variable", identifier="RESPONSE")
    _explain(item, question, processing)


def _gap(item: ET.Element, question: ExportedQuestion) -> None:
    accepted = question.answer if isinstance(question.answer, tuple) else ()
    declaration = _response(item, "string")
    add(add(declaration, "correctResponse"), "value", accepted[0])
    mapping = add(declaration, "mapping", defaultValue="0")
    for answer in dict.fromkeys(accepted):
        add(mapping, "mapEntry", mapKey=answer, mappedValue="1", caseSensitive="false")
    _outcomes(item, question)
    before, _, after = question.stem.partition(_GAP)
    text = add(add(item, "itemBody"), "p", with_mathjax(before))
    gap = add(text, "textEntryInteraction", responseIdentifier="RESPONSE", expectedLength="30")
    gap.tail = with_mathjax(after)
    processing = _processing(item)
    mapped = add(processing, "setOutcomeValue", identifier="SCORE")
    add(mapped, "mapResponse", identifier="RESPONSE")
    _explain(item, question, processing)


def _essay(item: ET.Element, question: ExportedQuestion) -> None:
    _response(item, "string")
    _outcomes(item, question)
    body = add(item, "itemBody")
    interaction = add(
        body, "extendedTextInteraction", responseIdentifier="RESPONSE", expectedLines="5"
    )
    add(interaction, "prompt", with_mathjax(question.stem))
    guide = add(body, "rubricBlock", view="scorer")
    for line in question.marking_guide.split("\n"):
        add(guide, "p", with_mathjax(line))
    _explain(item, question, _processing(item))


def _response(item: ET.Element, base_type: str) -> ET.Element:
    return add(
        item, "responseDeclaration", identifier="RESPONSE", cardinality="single",
        baseType=base_type,
    )  # fmt: skip


def _outcomes(item: ET.Element, question: ExportedQuestion) -> None:
    for name, base_type in (
        ("SCORE", "float"), ("MAXSCORE", "float"), ("FEEDBACK", "identifier"),
        ("CHOSEN", "identifier"),
    ):  # fmt: skip
        declared = add(
            item, "outcomeDeclaration", identifier=name, cardinality="single", baseType=base_type
        )
        default = {"SCORE": "0", "MAXSCORE": f"{question.points:g}"}.get(name)
        if default is not None:
            add(add(declared, "defaultValue"), "value", default)


def _processing(item: ET.Element) -> ET.Element:
    return add(item, "responseProcessing")


def _explain(item: ET.Element, question: ExportedQuestion, processing: ET.Element) -> None:
    """The explanation and the source are shown once the item was answered."""
    _set(processing, "FEEDBACK", "identifier", "explanation")
    feedback = add(
        item, "modalFeedback", outcomeIdentifier="FEEDBACK", identifier="explanation",
        showHide="show",
    )  # fmt: skip
    for line in question.feedback.split("\n"):
        add(feedback, "p", with_mathjax(line))


def _set(parent: ET.Element, outcome: str, base_type: str, value: str) -> None:
    setter = add(parent, "setOutcomeValue", identifier=outcome)
    add(setter, "baseValue", value, baseType=base_type)
