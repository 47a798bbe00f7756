"""Measures how long each function takes to import, with nothing but its package and its layers.

An isolated interpreter sees what Lambda sees: the built function, the built layers, the standard
library. So this also finds requirements that only happen to be installed on this machine.
"""

import argparse
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.local_stack import sam
from scripts.local_stack.layout import Layout
from scripts.local_stack.sam import Target
from scripts.local_stack.steps import StepFailed, fail

RUNS = 3
_PROGRAM = """
import sys, time
sys.path[:0] = sys.argv[2:]
module, _, name = sys.argv[1].rpartition(".")
started = time.perf_counter()
handler = getattr(__import__("importlib").import_module(module), name)
seconds = time.perf_counter() - started
assert callable(handler), "the handler can't be called"
print(seconds)
"""


@dataclass(frozen=True)
class BuiltFunction:
    """A function of the built template: its handler, and the folders on its path."""

    name: str
    handler: str
    path: tuple[Path, ...]


def built_functions(target: Target) -> list[BuiltFunction]:
    """Every function of the last build for the target."""
    folder = target.template.parent
    document: dict[str, Any] = yaml.safe_load(target.template.read_text())
    layers = (target.packages / "python", folder / "SharedLayer" / "python")
    return [
        BuiltFunction(name, properties["Handler"], (folder / properties["CodeUri"], *layers))
        for name, properties in _functions(document)
    ]


def import_seconds(function: BuiltFunction) -> float:
    """How long the handler's module took to import, once. Raises ImportFailed if it didn't."""
    command = [sys.executable, "-I", "-S", "-B", "-c", _PROGRAM, function.handler]
    done = subprocess.run(
        [*command, *map(str, function.path)],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_LAMBDA_FUNCTION_NAME": function.name, "AWS_REGION": "us-east-1"},
    )
    if done.returncode != 0:
        raise ImportFailed(done.stderr.strip())
    return float(done.stdout)


class ImportFailed(Exception):
    """A function's module can't be imported from its package and layers; says why."""


def main() -> int:
    """Print a table, slowest first. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="the median of so many is told")
    runs = parser.parse_args().runs
    target = Target.this_machine()
    try:
        sam.build(target, Layout.from_environment().log("sam-build"))
    except StepFailed as error:
        return fail(error)
    measured: dict[str, float] = {}
    failures: dict[str, str] = {}
    for function in built_functions(target):
        try:
            times = [import_seconds(function) for _ in range(runs)]
        except ImportFailed as error:
            failures[function.name] = str(error)
        else:
            measured[function.name] = statistics.median(times)
    for name in sorted(measured, key=measured.__getitem__, reverse=True):
        print(f"  {name:<28}{measured[name] * 1000:6.0f} ms")
    for name, reason in failures.items():
        print(f"  ✗ {name}: {reason.splitlines()[-1]}")
    return 1 if failures else 0


def _functions(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, resource["Properties"])
        for name, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


if __name__ == "__main__":
    sys.exit(main())
