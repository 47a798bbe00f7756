"""Reads a PDF in a child process of its own, so that no file can hurt the worker."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from functions.documents.reading.document import ReadDocument, ReadPage
from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.rejections import (
    DamagedPdf,
    EmptyFile,
    NotAPdf,
    ReadingOutOfMemory,
    ReadingTimedOut,
    TooLarge,
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
_HEADER_BYTES: Final = 1024


class ReadingFailed(LearningAppError):
    """The child process could not work: the fault is ours, not the document's. Retry."""

    code = "reading_failed"


def read_document(path: Path, limits: ReadingLimits) -> ReadDocument:
    """The text of a PDF by page.

    Raises a DocumentRejected for a file that can't be read and never will be, and ReadingFailed
    where the reading itself could not be done. Ends within `limits.seconds` and a second more.
    """
    _check_file(path, limits)
    answer, sha256 = _run_child(path, limits)
    return ReadDocument(
        sha256=sha256,
        title=answer["title"],
        language=answer["language"],
        pages=tuple(ReadPage(**page) for page in answer["pages"]),
    )


def _check_file(path: Path, limits: ReadingLimits) -> None:
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile(limits)
    if size > limits.file_bytes:
        raise TooLarge(limits)
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(_HEADER_BYTES):
            raise NotAPdf(limits)


def _run_child(path: Path, limits: ReadingLimits) -> tuple[dict[str, Any], str]:
    """The child's answer, and the file's hash, made while the child is reading."""
    deadline = time.monotonic() + limits.seconds
    with _start_child(path, limits) as child:
        try:
            sha256 = _sha256(path)
            output, _ = child.communicate(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise ReadingTimedOut(limits) from None
        finally:
            child.kill()
    return parsed_answer(output, child.returncode, limits), sha256


def _start_child(path: Path, limits: ReadingLimits) -> subprocess.Popen[bytes]:
    request = {
        "search_path": [str(entry) for entry in sys.path],
        "path": str(path),
        "limits": asdict(limits),
    }
    return subprocess.Popen(  # noqa: S603  (our own interpreter and program, no shell)
        [sys.executable, "-I", "-S", "-c", _CHILD_PROGRAM, json.dumps(request)],
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
