"""QTI 1.2 as Canvas and Blackboard import it: an assessment in an IMS content package."""

from xml.etree import ElementTree as ET

from functions.questions.exports.content import ExportedQuestion, ExportedSet
from functions.questions.exports.markup import paragraph
from functions.questions.exports.xml_writing import add, document, package

_QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
_TYPES = {
    "mcq": "multiple_choice_question",
    "true_false": "true_false_question",
    "fill_blank": "short_answer_question",
    "short_answer": "essay_question",
}


def write(exported: ExportedSet) -> bytes:
    """The set as a ZIP: the manifest and the assessment."""
    name = f"set{exported.id.hex}"
    path = f"{name}/{name}.xml"
    return package({"imsmanifest.xml": _manifest(name, path), path: _assessment(exported, name)})


def _manifest(name: str, path: str) -> bytes:
    manifest = ET.Element("manifest", xmlns=_PACKAGE, identifier=f"manifest_{name}")
    metadata = add(manifest, "metadata")
    add(metadata, "schema", "IMS Content")
    add(metadata, "schemaversion", "1.1.3")
    add(manifest, "organizations")
    resources = add(manifest, "resources")
    resource = add(resources, "resource", identifier=name, type="imsqti_xmlv1p2", href=path)
    add(resource, "file", href=path)
    return document(manifest)


def _assessment(exported: ExportedSet, name: str) -> bytes:
    root = ET.Element("questestinterop", xmlns=_QTI)
    assessment = add(root, "assessment", ident=name, title=exported.title)
    section = add(assessment, "section", ident="root_section")
    for question in exported.questions:
        _item(section, question)
    return document(root)


def _item(section: ET.Element, question: ExportedQuestion) -> None:
    item = add(section, "item", ident=f"q{question.id.hex}", title=f"Question {question.position}")
    fields = add(add(item, "itemmetadata"), "qtimetadata")
    for label, entry in (
        ("question_type", _TYPES[question.type]),
        ("points_possible", f"{question.points:g}"),
    ):
        field = add(fields, "qtimetadatafield")
        add(field, "fieldlabel", label)
        add(field, "fieldentry", entry)
    presentation = add(item, "presentation")
    _html(presentation, question.stem)
    match question.type:
        case "mcq":
            _choice(item, presentation, question, list(question.options), question.answer)
        case "true_false":
            _choice(item, presentation, question, ["True", "False"], 0 if question.answer else 1)
        case _:
            _text_entry(item, presentation, question)
    _feedback(item, "general_fb", question.feedback)


def _choice(
    item: ET.Element,
    presentation: ET.Element,
    question: ExportedQuestion,
    options: list[str],
    key: object,
) -> None:
    response = add(presentation, "response_lid", ident="response1", rcardinality="Single")
    choices = add(response, "render_choice")
    for index, option in enumerate(options):
        _html(add(choices, "response_label", ident=f"choice{index}"), option)
    processing = _processing(item)
    for index, told in enumerate(question.option_feedback):
        condition = add(processing, "respcondition", continue_="Yes")
        _equals(condition, f"choice{index}")
        _display(condition, f"choice{index}_fb")
        _feedback(item, f"choice{index}_fb", told)
    right = add(processing, "respcondition", continue_="No")
    _equals(right, f"choice{key}")
    add(right, "setvar", "100", action="Set", varname="SCORE")


def _text_entry(item: ET.Element, presentation: ET.Element, question: ExportedQuestion) -> None:
    response = add(presentation, "response_str", ident="response1", rcardinality="Single")
    field = add(response, "render_fib")
    add(field, "response_label", ident="answer1", rshuffle="No")
    processing = _processing(item)
    if not isinstance(question.answer, tuple):
        _feedback(item, "solution", question.marking_guide)
        return
    right = add(processing, "respcondition", continue_="No")
    conditions = add(right, "conditionvar")
    for accepted in dict.fromkeys(question.answer):
        add(conditions, "varequal", accepted, respident="response1")
    add(right, "setvar", "100", action="Set", varname="SCORE")


def _processing(item: ET.Element) -> ET.Element:
    processing = add(item, "resprocessing")
    add(
        add(processing, "outcomes"), "decvar", maxvalue="100", minvalue="0", varname="SCORE",
        vartype="Decimal",
    )  # fmt: skip
    always = add(processing, "respcondition", continue_="Yes")
    add(add(always, "conditionvar"), "other")
    _display(always, "general_fb")
    return processing


def _equals(condition: ET.Element, choice: str) -> None:
    add(add(condition, "conditionvar"), "varequal", choice, respident="response1")


def _display(condition: ET.Element, feedback: str) -> None:
    add(condition, "displayfeedback", feedbacktype="Response", linkrefid=feedback)


def _feedback(item: ET.Element, name: str, text: str) -> None:
    _html(add(add(item, "itemfeedback", ident=name), "flow_mat"), text)


def _html(parent: ET.Element, text: str) -> None:
    add(add(parent, "material"), "mattext", paragraph(text), texttype="text/html")
