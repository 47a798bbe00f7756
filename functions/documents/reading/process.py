"""A child process for untrusted PDFs: started with nothing to steal, ended in time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.rejections import (
    DamagedPdf,
    ReadingOutOfMemory,
    ReadingTimedOut,
    rejection_with,
)
from shared.errors import LearningAppError

# The child gets the parent's module search path as data: on Lambda the layers are on sys.path,
# not in PYTHONPATH, and an isolated interpreter would ignore the variable anyway.
_CHILD_PROGRAM: Final = (
    "import json, sys; request = json.loads(sys.argv[1]); sys.path[:] = request.pop('search_path');"
    " from functions.documents.reading.child import main; main(**request)"
)
# The interpreter of the Lambda runtime finds its own library by LD_LIBRARY_PATH.
_INHERITED_VARIABLES: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL")

MeanwhileT = TypeVar("MeanwhileT")


class ReadingFailed(LearningAppError):
    """The child process could not work: the fault is ours, not the document's. Retry."""

    code = "reading_failed"


def run_child(
    task: str,
    path: Path,
    limits: ReadingLimits,
    meanwhile: Callable[[], MeanwhileT],
    **wish: Any,
) -> tuple[dict[str, Any], MeanwhileT]:
    """The child's answer, and what `meanwhile` gave while the child was working.

    Raises a DocumentRejected for a file that can't be worked on and never will be, and
    ReadingFailed where the child could not work. Ends within `limits.seconds` and a second more.
    """
    deadline = time.monotonic() + limits.seconds
    request = {"task": task, "path": str(path), "limits": asdict(limits), **wish}
    with _start(request) as child:
        try:
            given = meanwhile()
            output, _ = child.communicate(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise ReadingTimedOut(limits) from None
        finally:
            child.kill()
    return parsed_answer(output, child.returncode, limits), given


def _start(request: dict[str, Any]) -> subprocess.Popen[bytes]:
    given = json.dumps({"search_path": [str(entry) for entry in sys.path], **request})
    return subprocess.Popen(  # noqa: S603  (our own interpreter and program, no shell)
        [sys.executable, "-I", "-S", "-c", _CHILD_PROGRAM, given],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ},
    )


def parsed_answer(output: bytes, return_code: int, limits: ReadingLimits) -> dict[str, Any]:
    """What the child found. Raises what it rejected, or what its end by a signal means."""
    if return_code == -signal.SIGXCPU:
        raise ReadingTimedOut(limits)
    if return_code in {-signal.SIGKILL, -signal.SIGABRT}:  # the system's memory killer, or malloc
        raise ReadingOutOfMemory(limits)
    if return_code < 0:
        raise DamagedPdf(limits)
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        raise ReadingFailed(f"the reading process ended with status {return_code}") from None
    if "rejected" in answer:
        raise rejection_with(answer["rejected"], limits)
    return answer
