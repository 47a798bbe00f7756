"""Tells what is being done, how long it took, and, where it failed, why and what to do."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StepFailed(Exception):
    """A step that can't be done. `reason` says why, `advice` what to do about it."""

    def __init__(self, step: str, reason: str, advice: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason
        self.advice = advice

    def explain(self) -> str:
        """The message for a person."""
        return f"\n✗ {self.step} failed.\n  Why:  {self.reason}\n  Then: {self.advice}"


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print `name` and the seconds its block took."""
    started = time.monotonic()
    print(f"  {name} …", end="", flush=True)
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def last_lines(path: Path, count: int = 15) -> str:
    """The end of a log, indented to stand in a message."""
    if not path.exists():
        return ""
    lines = path.read_text(errors="replace").splitlines()[-count:]
    return "".join(f"\n        {line}" for line in lines)


def fail(error: StepFailed) -> int:
    """Print a failure; the exit status."""
    print(error.explain(), file=sys.stderr, flush=True)
    return 1
