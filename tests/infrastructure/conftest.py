"""The template and the state machines as data, and the built packages."""

from typing import Any

import pytest

from scripts.local_stack import sam
from scripts.local_stack.layout import Layout
from scripts.local_stack.sam import Target
from tests.infrastructure.reading import Template, read_template


@pytest.fixture(scope="session")
def template() -> Template:
    return read_template()


@pytest.fixture(scope="session")
def resources(template: Template) -> dict[str, dict[str, Any]]:
    return template.resources


@pytest.fixture(scope="session")
def build() -> Target:
    """A build of the code as it is now."""
    target = Target.this_machine()
    sam.build(target, Layout.from_environment().log("sam-build"))
    return target
