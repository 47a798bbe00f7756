"""The two ways of handing in: every learner by a call of their own, or the class by one call."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.demo.client import LearningClient
from tests.benchmarks.evaluation.class_room import ClassRoom, Sheet


@dataclass(frozen=True)
class HandedIn:
    """Seconds from the first call until the answers were in, and until every grade was there."""

    answered: float
    makespan: float


HandIn = Callable[[ClassRoom, Sequence[Sheet]], HandedIn]


def hand_in_separately(room: ClassRoom, sheets: Sequence[Sheet]) -> HandedIn:
    """Everybody at once, each by a call of their own; done with the last submission."""
    started = datetime.now(UTC)
    with ThreadPoolExecutor(len(sheets)) as pool:
        submitted = list(
            pool.map(lambda pair: submit(room, *pair), zip(room.learners, sheets, strict=False))
        )
    answered = (datetime.now(UTC) - started).total_seconds()
    finished = [_wait(client, one) for client, one in zip(room.learners, submitted, strict=False)]
    return HandedIn(answered, (max(finished) - started).total_seconds())


def hand_in_together(room: ClassRoom, sheets: Sequence[Sheet]) -> HandedIn:
    """The owner hands all in by one call, and follows the job on a socket to `job.completed`."""
    body = {
        "question_set_id": room.question_set_id,
        "submissions": [
            {"learner": f"7b, number {number}", "answers": _answers(sheet)}
            for number, sheet in enumerate(sheets, start=1)
        ],
    }
    started = time.monotonic()
    submitted = room.owner.call("POST", "/api/evaluation/submissions/batch", body)
    answered = time.monotonic() - started
    *_, end = room.owner.follow(submitted["job"]["id"])
    makespan = time.monotonic() - started
    if end["type"] != "job.completed":
        raise RuntimeError(f"the class's job failed: {end}")
    return HandedIn(answered, makespan)


def submit(room: ClassRoom, client: LearningClient, sheet: Sheet) -> dict[str, Any]:
    """One learner's answers."""
    body = {"question_set_id": room.question_set_id, "answers": _answers(sheet)}
    return dict(client.call("POST", "/api/evaluation/submissions", body))


def _answers(sheet: Sheet) -> list[dict[str, Any]]:
    return [{"question_id": question["id"], "answer": given} for question, given in sheet]


def _wait(client: LearningClient, submitted: dict[str, Any]) -> datetime:
    """When the submission was completed, by the service's own clock."""
    path = f"/api/evaluation/submissions/{submitted['submission']['id']}"
    while True:
        view = client.call("GET", path)
        if view["status"] == "failed":
            raise RuntimeError(f"a submission failed: {view}")
        if view["status"] == "completed":
            return datetime.fromisoformat(view["completed_at"])
        time.sleep(0.5)
