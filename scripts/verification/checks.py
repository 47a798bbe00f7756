"""The checks that need nothing that runs."""

import sys

from scripts.local_stack.layout import SAM_BIN
from scripts.verification.tasks import Task

FAST = (
    Task("lint", ("ruff", "check", "."), "make fmt mends most of it; the rest names its line."),
    Task("format", ("ruff", "format", "--check", "."), "run: make fmt"),
    Task("imports", ("lint-imports",), "an import goes the wrong way; the contract says which."),
    Task("types", ("mypy",), "each line above names a file and a line."),
    Task(
        "OpenAPI document",
        (sys.executable, "scripts/build_openapi.py", "--check"),
        "it isn't what the code says; run: .venv/bin/python scripts/build_openapi.py",
    ),
)

TEMPLATE = (
    Task(
        "template",
        (str(SAM_BIN / "sam"), "validate", "--lint"),
        "mend template.yaml where the lines above say.",
    ),
)

BUILT = (
    Task(
        "layer sizes",
        (sys.executable, "-m", "scripts.layer_sizes"),
        "a layer can't be built or is too large; the lines above say which packages weigh most.",
        tells=True,
    ),
)
