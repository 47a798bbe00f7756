"""Many users at once, and a small job beside a big one: how much longer each waits than alone."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.demo.client import LearningClient
from tests.benchmarks.questions.stack import Stack

SMALL, BIG = 20, 300
RUNS_ALONE = 3


class Reader:
    """A user with a document that was read, who may ask for questions at a given moment."""

    def __init__(self, stack: Stack, pdf: Path) -> None:
        self._client: LearningClient = stack.client()
        self._client.sign_up("Crowd")
        self._document = self._client.wait_for_document(self._client.upload(pdf)["id"])["id"]

    def generate(self, count: int, started: Callable[[], None] = lambda: None) -> float:
        """Seconds from the wish to its last question; `started` is called when it is taken."""
        begun = time.monotonic()
        wish = {"document_id": self._document, "count": count, "fresh": True}
        answered = self._client.call("POST", "/api/questions/generate", wish)
        started()
        for _ in self._client.follow(answered["job"]["id"]):
            pass
        job = self._client.call("GET", f"/api/jobs/{answered['job']['id']}")
        if job["status"] not in ("completed", "completed_with_errors"):
            raise RuntimeError(f"a job of {count} questions ended as {job['status']}")
        return time.monotonic() - begun


@dataclass(frozen=True)
class Crowd:
    """Seconds of jobs of SMALL questions: one alone, all of a crowd, and one beside a big job."""

    alone: float
    together: Sequence[float]
    beside: float
    big: float


def measure_crowd(stack: Stack, pdf: Path, users: int) -> Crowd:
    """`users` ask at the same moment; then one asks while another's BIG job runs."""
    readers = [Reader(stack, pdf) for _ in range(users)]
    with ThreadPoolExecutor(users) as threads:
        # Starts the functions: what is measured is the crowd, not their cold starts.
        list(threads.map(lambda reader: reader.generate(SMALL), readers))
        alone = statistics.median(readers[0].generate(SMALL) for _ in range(RUNS_ALONE))
        together = list(threads.map(lambda reader: reader.generate(SMALL), readers))
        taken = threading.Event()
        big = threads.submit(readers[0].generate, BIG, taken.set)
        taken.wait(30)
        beside = readers[1].generate(SMALL)
        return Crowd(alone, sorted(together), beside, big.result())
