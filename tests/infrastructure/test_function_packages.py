"""The built packages hold what the functions import; MiniStack's own packages would hide a gap."""

import re

import pytest

from scripts.layer_sizes import LIMIT_BYTES, size_of
from scripts.local_stack import sam
from scripts.local_stack.sam import Target
from scripts.measure_imports import built_functions, import_seconds
from tests.infrastructure.reading import FUNCTION, ROOT, read_template

LONGEST_IMPORT_SECONDS = 10


@pytest.mark.parametrize("name", sorted(read_template().of_type(FUNCTION)))
def test_a_function_imports_from_its_package_and_layers_alone(build: Target, name: str) -> None:
    with sam.built(build):
        (function,) = (one for one in built_functions(build) if one.name == name)
        assert import_seconds(function) < LONGEST_IMPORT_SECONDS


def test_the_layers_stay_small(build: Target) -> None:
    shared = build.template.parent / "SharedLayer"
    assert size_of(build.packages) + size_of(shared) < LIMIT_BYTES


def test_the_layer_describes_every_aws_service_that_is_called() -> None:
    makefile = (ROOT / "layers" / "dependencies" / "Makefile").read_text()
    (kept,) = re.findall(r"^AWS_SERVICES := (.+)$", makefile, re.MULTILINE)
    called: set[str] = set()
    for folder in ("functions", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            called |= set(re.findall(r"client\(\s*\"([a-z0-9-]+)\"", path.read_text()))
    assert called
    assert called <= set(kept.split())


def test_packages_hold_bytecode_that_is_never_compared_with_its_source(build: Target) -> None:
    """Lambda can't write bytecode, and time stamps don't survive packaging."""
    (compiled,) = (build.packages / "python" / "fastapi" / "__pycache__").glob("routing.*.pyc")
    flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
    assert flags == 0b01
