"""Cuts pages out of a PDF in a child process, so that no file can hurt the worker."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.process import run_child
from functions.documents.reading.rejections import DocumentRejected


@dataclass(frozen=True)
class CutPages:
    """Pages as small PDFs by their number, and why there is none of others."""

    contents: dict[int, bytes] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def cut_pages(
    path: Path, numbers: Sequence[int], folder: Path, limits: ReadingLimits, most_bytes: int
) -> CutPages:
    """The pages, each as a PDF of at most `most_bytes`.

    A page that breaks a limit of the process is refused with that limit's code; those after it
    are in neither part of the answer and can be asked for again. Raises ReadingFailed where the
    cutting itself could not be done.
    """
    wish = {"pages": list(numbers), "folder": str(folder), "most_bytes": most_bytes}
    try:
        answer, _ = run_child("cut", path, limits, lambda: None, **wish)
        refused = {int(number): str(code) for number, code in answer["refused"].items()}
    except DocumentRejected as rejection:
        guilty = next((one for one in numbers if not _file(folder, one).exists()), None)
        refused = {} if guilty is None else {guilty: rejection.code}
    return CutPages(_taken(folder, numbers), refused)


def _taken(folder: Path, numbers: Sequence[int]) -> dict[int, bytes]:
    contents = {}
    for number in numbers:
        file = _file(folder, number)
        if file.exists():
            contents[number] = file.read_bytes()
            file.unlink()
    return contents


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number}.pdf"
