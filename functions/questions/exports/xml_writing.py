"""Builds XML documents, and packages of them that are the same for the same content."""

import io
import zipfile
from collections.abc import Mapping
from xml.etree import ElementTree as ET

# The oldest time that a ZIP can say: files then differ only where their content does.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    """A new last child of `parent`; an attribute's trailing underscore is left out of its name."""
    named = {name.rstrip("_"): value for name, value in attributes.items()}
    child = ET.SubElement(parent, tag, named)
    child.text = text
    return child


def document(root: ET.Element) -> bytes:
    """The XML file of `root`."""
    ET.indent(root, space=" ")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def package(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of `files`, by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
