"""Scanned pages are read by the model; without its quota the document is used for the rest."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.demo.client import ApiError, LearningClient
from tests.end_to_end.conftest import FILES, Emulator


def wait_until(
    client: LearningClient, document_id: str, holds: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The document, once `holds` is true of it."""
    ends = time.monotonic() + 90
    while time.monotonic() < ends:
        document = dict(client.call("GET", f"/api/documents/{document_id}"))
        if holds(document):
            return document
        time.sleep(0.2)
    raise AssertionError(f"that did not come true within 90 s of {document}")


def is_transcribed(document: dict[str, Any]) -> bool:
    return bool(document["ocr"]["status"] == "done")


def test_only_the_scanned_pages_of_a_document_are_transcribed_and_marked(
    learner: LearningClient, emulator: Emulator
) -> None:
    document_id = learner.upload(FILES / "mixed_text_and_scan.pdf")["id"]

    document = wait_until(learner, document_id, is_transcribed)

    assert document["status"] == "ready"
    sources = [page["text_source"] for page in document["pages"]]
    assert [sources[0], sources[3]] == ["text_layer", "text_layer"]
    assert "transcription" in sources
    number = sources.index("transcription") + 1
    page = learner.call("GET", f"/api/documents/{document_id}/pages/{number}")
    assert page["text_source"] == "transcription"
    assert page["text"]
    with pytest.raises(ApiError, match="409 nothing_to_transcribe"):
        learner.call("POST", f"/api/documents/{document_id}/transcription")


def test_a_scan_becomes_a_document_that_questions_are_made_of(
    learner: LearningClient, emulator: Emulator
) -> None:
    document_id = learner.upload(FILES / "scan_12pages.pdf")["id"]

    document = wait_until(learner, document_id, is_transcribed)

    assert document["status"] == "ready"
    assert {page["text_source"] for page in document["pages"]} == {"transcription"}
    wish = {"document_id": document_id, "count": 2}
    job = learner.call("POST", "/api/questions/generate", wish)["job"]
    last = list(learner.follow(job["id"], seconds=120))[-1]
    assert last["type"] == "job.completed"
    assert last["result"]["delivered"] >= 1


def test_without_quota_a_document_needs_ocr_and_is_used_for_the_rest(
    learner: LearningClient, emulator: Emulator
) -> None:
    fault = {"effect": "per_minute", "parameters": {"retry_seconds": 5}}
    emulator.fault(**fault, match={"kind": "transcribe"})
    # Other bytes than before: an earlier transcription of the same file would be taken over.
    file = FILES / "mixed_text_and_scan.pdf"
    document_id = upload_changed(learner, file.read_bytes())

    refused = wait_until(learner, document_id, lambda _: emulator.has_struck())
    assert refused["status"] == "ready"
    assert refused["ocr"]["status"] == "transcribing"
    learner.call("DELETE", f"/api/jobs/{refused['ocr']['job_id']}")

    document = wait_until(learner, document_id, lambda one: one["ocr"]["status"] == "needs_ocr")
    assert document["status"] == "ready"
    assert learner.call("GET", f"/api/documents/{document_id}/pages/1")["has_text"]
    emulator.clear()
    learner.call("POST", f"/api/documents/{document_id}/transcription")
    wait_until(learner, document_id, is_transcribed)


def test_a_scan_that_could_not_be_read_is_ready_and_says_what_it_needs(
    learner: LearningClient, emulator: Emulator
) -> None:
    fault = {"effect": "per_minute", "parameters": {"retry_seconds": 5}}
    emulator.fault(**fault, match={"kind": "transcribe"})
    document_id = upload_changed(learner, (FILES / "scan_12pages.pdf").read_bytes())

    refused = wait_until(learner, document_id, lambda _: emulator.has_struck())
    assert refused["status"] == "processing"
    learner.call("DELETE", f"/api/jobs/{refused['ocr']['job_id']}")

    document = wait_until(learner, document_id, lambda one: one["ocr"]["status"] == "needs_ocr")
    assert document["status"] == "ready"
    assert document["ocr"]["error_code"] == "cancelled"
    wish = {"document_id": document_id, "count": 2}
    with pytest.raises(ApiError, match="409 needs_ocr"):
        learner.call("POST", "/api/questions/generate", wish)
    with pytest.raises(ApiError, match="409 needs_ocr"):
        learner.call("POST", "/api/chat/sessions", {"document_id": document_id})

    emulator.clear()
    learner.call("POST", f"/api/documents/{document_id}/transcription")
    wait_until(learner, document_id, is_transcribed)
    job = learner.call("POST", "/api/questions/generate", wish)["job"]
    last = list(learner.follow(job["id"], seconds=120))[-1]
    assert last["type"] == "job.completed"
    question_set = learner.call("GET", f"/api/questions/sets/{last['result']['question_set_id']}")
    assert all(one["source"]["transcribed"] for one in question_set["questions"])


def upload_changed(client: LearningClient, content: bytes) -> str:
    """The id of a document of the same pages in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "changed.pdf"
        path.write_bytes(content + f"\n% {time.time_ns()}\n".encode())
        return str(client.upload(path)["id"])
