"""One generation, measured from outside: on the socket, at the model, in the functions' bills."""

import json
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.demo.client import LearningClient
from tests.benchmarks.questions.stack import Billed, Stack

_WORKER = "generate-chunk"


@dataclass(frozen=True)
class ModelCalls:
    """A wish for questions and its blind solve, by what the emulator's latency model asked for.

    `since_first` is how long the whole chain takes at the least: a slot is asked for again only
    when the reply is there that left it open.
    """

    seconds: float
    since_first: float


@dataclass
class Measurement:
    """What was seen of one generation."""

    document: str
    requested: int
    pages: dict[int, str]
    question_set: dict[str, Any]
    first_seconds: float
    makespan: float
    chunks: list[ModelCalls]
    billed: Billed
    serial_seconds: float | None = None
    # The makespan of such a job where the model answers at once: what this machine needs itself.
    service_seconds: float | None = None
    statistics: dict[str, Any] = field(default_factory=dict)
    transcribed: frozenset[int] = frozenset()

    @property
    def serial_limit(self) -> float:
        """All calls one after another."""
        return sum(chunk.seconds for chunk in self.chunks)

    @property
    def critical_path(self) -> float:
        """The longest chain of calls that had to wait for each other."""
        return max(chunk.since_first for chunk in self.chunks)

    @property
    def median_chunk(self) -> float:
        return statistics.median(chunk.seconds for chunk in self.chunks)

    @property
    def limit(self) -> float:
        """No way of doing it is faster than the serial one by more than this."""
        return self.serial_limit / self.critical_path

    @property
    def speed_up(self) -> float | None:
        return self.serial_seconds / self.makespan if self.serial_seconds else None

    @property
    def share_of_gigabyte_seconds(self) -> float:
        """Against one invocation a chunk, each as long as its own calls and not a moment more."""
        return self.billed.gigabyte_seconds / self.serial_limit


def measure(stack: Stack, pdf: Path, count: int, *, serial: bool = True) -> Measurement:
    """Generate `count` questions as a new user; with `serial` make the same calls in turn too."""
    client = stack.client()
    client.sign_up("Benchmark")
    document = _read_whole(client, client.upload(pdf)["id"])
    pages = {
        page["number"]: client.call(
            "GET", f"/api/documents/{document['id']}/pages/{page['number']}"
        )
        for page in document["pages"]
        if page["has_text"]
    }
    stack.forget_calls()
    since, started = time.time(), time.monotonic()
    wish = {"document_id": document["id"], "count": count, "fresh": True}
    answered = client.call("POST", "/api/questions/generate", wish)
    first = makespan = 0.0
    for event in client.follow(answered["job"]["id"]):
        makespan = time.monotonic() - started
        if event.get("questions") and not first:
            first = makespan
    path = f"/api/questions/sets/{answered['question_set']['id']}?include=keys"
    requests = stack.requests()
    measured = Measurement(
        document=pdf.name,
        requested=count,
        pages={number: page["text"] for number, page in pages.items()},
        question_set=client.call("GET", path),
        first_seconds=first,
        makespan=makespan,
        chunks=_chunks(requests),
        billed=stack.billed(_WORKER, since),
        transcribed=frozenset(
            number for number, page in pages.items() if page["text_source"] == "transcription"
        ),
    )
    client.close()
    if serial:
        measured.serial_seconds = _serial(stack, requests)
    return measured


def _read_whole(client: LearningClient, document_id: str) -> dict[str, Any]:
    """The document, once its scanned pages are transcribed too."""
    document = client.wait_for_document(document_id)
    ends = time.monotonic() + 120
    while document["ocr"]["status"] == "transcribing" and time.monotonic() < ends:
        time.sleep(0.2)
        document = client.wait_for_document(document_id)
    return document


def _serial(stack: Stack, requests: list[dict[str, Any]]) -> float:
    """The same calls one after another, as the monolith made them."""
    stack.forget_calls()
    started = time.monotonic()
    for request in requests:
        stack.ask_model(request)
    return time.monotonic() - started


def _chunks(requests: list[dict[str, Any]]) -> list[ModelCalls]:
    """Calls by chunk: a blind solve belongs to the newest chunk that has its items' slots."""
    slots: list[set[int]] = []
    asking: list[float] = []
    solving: list[float] = []
    for request in sorted(requests, key=lambda one: one["at"]):
        if request["kind"] == "generate":
            slots.append({slot["slot"] for slot in _data(request, "blueprint")})
            asking.append(request["planned_seconds"])
            solving.append(0.0)
        elif request["kind"] == "solve":
            items = {int(item["id"].removeprefix("x")) for item in _data(request, "items")}
            owner = max(index for index, own in enumerate(slots) if items <= own)
            solving[owner] += request["planned_seconds"]
    return [
        ModelCalls(own + solved, begun + own + solved)
        for own, solved, begun in zip(asking, solving, _begun(slots, asking), strict=True)
    ]


def _begun(slots: list[set[int]], asking: list[float]) -> list[float]:
    """When each wish could be made at the earliest: after the last that asked for a slot of it."""
    known: dict[int, float] = {}
    begun = []
    for own, seconds in zip(slots, asking, strict=True):
        begun.append(max((known.get(slot, 0.0) for slot in own), default=0.0))
        known |= dict.fromkeys(own, begun[-1] + seconds)
    return begun


def _data(request: dict[str, Any], name: str) -> Any:
    for part in request["body"]["contents"][-1]["parts"]:
        text = part.get("text", "")
        if text.startswith("{") and name in (data := json.loads(text)):
            return data[name]
    raise KeyError(name)
