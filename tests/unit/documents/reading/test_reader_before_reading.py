"""What is refused before a process is started, and how a child's end is understood."""

import signal
from pathlib import Path

import pytest

from functions.documents.reading.limits import ReadingLimits
from functions.documents.reading.process import ReadingFailed, parsed_answer
from functions.documents.reading.reader import read_document
from functions.documents.reading.rejections import DocumentRejected

LIMITS = ReadingLimits(file_bytes=4096)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"Photosynthesis is a process.", "not_a_pdf"),
        (b"PK\x03\x04 a word processor's file", "not_a_pdf"),
        (b" " * 1024 + b"%PDF-1.7", "not_a_pdf"),
        (b"%PDF-1.7" + b" " * 4096, "too_large"),
    ],
)
def test_what_can_not_be_a_document_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "upload.pdf"
    path.write_bytes(content)
    with pytest.raises(DocumentRejected) as refused:
        read_document(path, LIMITS)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("return_code", "code"),
    [
        (-signal.SIGXCPU, "reading_timed_out"),
        (-signal.SIGKILL, "reading_out_of_memory"),
        (-signal.SIGABRT, "reading_out_of_memory"),
        (-signal.SIGSEGV, "damaged_pdf"),
    ],
)
def test_a_child_that_was_killed_tells_why_by_its_signal(return_code: int, code: str) -> None:
    with pytest.raises(DocumentRejected) as refused:
        parsed_answer(b"", return_code, LIMITS)
    assert refused.value.code == code


@pytest.mark.parametrize("output", [b"", b'{"pages": [', b"\xff"])
def test_a_child_without_an_answer_is_our_fault_and_not_the_documents(output: bytes) -> None:
    with pytest.raises(ReadingFailed):
        parsed_answer(output, 1, LIMITS)


def test_a_rejection_comes_back_as_its_type() -> None:
    with pytest.raises(DocumentRejected) as refused:
        parsed_answer(b'{"rejected": "encrypted"}', 0, LIMITS)
    assert refused.value.code == "encrypted"
