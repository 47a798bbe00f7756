"""The process that opens untrusted PDFs: bounds itself, works, and writes its result as JSON."""

import json
import logging
import os
import resource
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from functions.documents.reading.limits import ReadingLimits

OUT_OF_MEMORY: Final = b'{"rejected": "reading_out_of_memory"}'
_STANDARD_OUTPUT: Final = 1
_STANDARD_ERROR: Final = 2


def main(task: str, path: str, limits: dict[str, Any], **wish: Any) -> None:
    """Does `task` with the PDF at `path` and writes {"rejected"} or what it found.

    `read` gives {"title", "language", "pages", "outline"}, `cut` what `cutting.cut` says.
    """
    result = _take_over_standard_output()
    bounds = ReadingLimits(**limits)
    _bound_this_process(bounds)
    try:
        answer = _answer(task, Path(path), bounds, wish)
    except MemoryError:
        answer = OUT_OF_MEMORY
    _write(result, answer)
    # Tearing down a million objects takes longer than reading them.
    os._exit(0)


def _answer(task: str, path: Path, limits: ReadingLimits, wish: dict[str, Any]) -> bytes:
    from functions.documents.reading.rejections import DocumentRejected  # noqa: PLC0415

    try:
        answer = _cut(path, limits, wish) if task == "cut" else _read(path, limits)
    except DocumentRejected as rejection:
        answer = {"rejected": rejection.code}
    return json.dumps(answer, ensure_ascii=False).encode()


def _read(path: Path, limits: ReadingLimits) -> dict[str, Any]:
    from functions.documents.reading.extraction import extract  # noqa: PLC0415  (after the bounds)
    from functions.documents.reading.language import guess_language  # noqa: PLC0415

    found = extract(path, limits)
    return {
        "title": found.title,
        "language": guess_language([page.text for page in found.pages], found.language),
        "pages": [asdict(page) for page in found.pages],
        "outline": [asdict(entry) for entry in found.outline],
    }


def _cut(path: Path, limits: ReadingLimits, wish: dict[str, Any]) -> dict[str, Any]:
    from functions.documents.reading.cutting import cut  # noqa: PLC0415  (after the bounds)

    return cut(path, limits, wish["pages"], Path(wish["folder"]), wish["most_bytes"])


def _take_over_standard_output() -> int:
    """A descriptor for the result; whatever else prints from here on is lost on purpose."""
    result = os.dup(_STANDARD_OUTPUT)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STANDARD_OUTPUT)
    os.dup2(nowhere, _STANDARD_ERROR)
    os.close(nowhere)
    logging.raiseExceptions = False
    warnings.simplefilter("ignore")
    return result


def _bound_this_process(limits: ReadingLimits) -> None:
    seconds = int(limits.seconds) + 1
    _bound(resource.RLIMIT_CPU, seconds)
    _bound(resource.RLIMIT_CORE, 0)
    if sys.platform != "darwin":  # macOS has no bound of address space; the time bounds hold there
        _bound(resource.RLIMIT_AS, limits.memory_bytes)


def _bound(kind: int, value: int) -> None:
    _, highest = resource.getrlimit(kind)
    if highest != resource.RLIM_INFINITY:
        value = min(value, highest)
    resource.setrlimit(kind, (value, highest))


def _write(descriptor: int, answer: bytes) -> None:
    with os.fdopen(descriptor, "wb") as result:
        result.write(answer)
