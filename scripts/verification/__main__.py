"""Commands: check (lint, types, template, layers) and test (those and every test)."""

import shutil
import signal
import sys
import time
from types import FrameType

from scripts.local_stack import stack
from scripts.local_stack.layout import ROOT, Layout
from scripts.verification import checks
from scripts.verification.tasks import Task, Verification

# The tests' own stack stands beside the developer's, on other ports.
TEST_STACK = ROOT / ".local" / "test"


def main() -> int:
    """Run one command. Returns the exit status."""
    commands = {"check": check, "test": test}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(f"usage: python -m scripts.verification {{{','.join(commands)}}}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    started = time.monotonic()
    try:
        status = commands[sys.argv[1]]()
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        status = 130
    print(f"{'All is well' if status == 0 else 'Not well'}: {time.monotonic() - started:.0f} s.")
    return status


def check() -> int:
    """Lint, format, imports, types, OpenAPI, template and layers."""
    verification = Verification(ROOT / ".local" / "logs" / "check")
    verification.run_lanes([checks.FAST, [*checks.TEMPLATE, *checks.BUILT]])
    return verification.summary()


def test() -> int:
    """The checks, and unit, infrastructure, integration and end-to-end tests."""
    verification = Verification(ROOT / ".local" / "logs" / "test")
    layout = Layout(TEST_STACK)
    _remove(layout)
    try:
        verification.run_lanes(
            [
                [*checks.FAST, *checks.TEMPLATE, _tests("unit")],
                [_stack(), *checks.BUILT, _tests("infrastructure"), _tests("integration")],
            ]
        )
        if not any(task.name == _stack().name for task in verification.failures):
            verification.run(_tests("end_to_end"))
    finally:
        stack.down(layout)
    status = verification.summary()
    if status == 0:
        _remove(layout)
    else:
        print(f"The test stack's logs are in {layout.logs}.", file=sys.stderr)
    return status


def _stack() -> Task:
    return Task(
        "test stack",
        (sys.executable, "-m", "scripts.local_stack", "up", "--environment", "test"),
        "the message above says what to do.",
        variables={"LOCAL_STACK_DIR": str(TEST_STACK)},
    )


def _tests(kind: str) -> Task:
    return Task(
        f"{kind} tests",
        (sys.executable, "-m", "pytest", "-q", "--color=no", f"tests/{kind}"),
        f"run the failing one alone: .venv/bin/python -m pytest tests/{kind} -k NAME",
        variables={"LOCAL_STACK_DIR": str(TEST_STACK)},
    )


def _remove(layout: Layout) -> None:
    stack.down(layout)
    shutil.rmtree(layout.folder, ignore_errors=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
