"""An evaluation of a whole class, measured from outside: the jobs' ends, the model, the logs."""

import json
import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.demo.client import LearningClient
from tests.benchmarks.evaluation.answers import answer, in_words, key_in_words
from tests.benchmarks.evaluation.batch_sizes import BatchSizeResult, compare
from tests.benchmarks.evaluation.service_log import service_times
from tests.benchmarks.questions.stack import Stack

OBJECTIVE = ("mcq", "true_false", "fill_blank")


@dataclass(frozen=True)
class ClassRoom:
    """A published question set and its learners, each signed in."""

    owner: LearningClient
    question_set_id: str
    questions: list[dict[str, Any]]
    learners: list[LearningClient]


@dataclass(frozen=True)
class Measurement:
    """What was seen. Seconds called planned are what the emulator's latency model drew."""

    answers: int
    free_answers: int
    makespan: float
    handed_in: float
    batches: list[float]
    batch_sizes: list[int]
    serial: float
    serial_planned: float
    objective_ms: list[float]
    sizes: list[BatchSizeResult]

    @property
    def limit(self) -> float:
        """No way of doing it is faster than the serial one by more than this."""
        return self.serial_planned / max(self.batches)

    @property
    def speed_up(self) -> float:
        return self.serial / self.makespan

    @property
    def objective_p95(self) -> float:
        return statistics.quantiles(self.objective_ms, n=20)[-1]


def prepare(stack: Stack, pdf: Path, learners: int, per_learner: int) -> ClassRoom:
    """Make and publish a set of objective and free questions, half and half."""
    owner = stack.client()
    owner.sign_up("Teacher")
    document = owner.wait_for_document(owner.upload(pdf)["id"])
    wish = {
        "document_id": document["id"],
        "count": per_learner * 3,
        "types": [*OBJECTIVE, "short_answer"],
    }
    made = owner.call("POST", "/api/questions/generate", wish)
    if not made["job"]["cached"]:
        for _ in owner.follow(made["job"]["id"]):
            pass
    path = f"/api/questions/sets/{made['question_set']['id']}"
    questions = owner.call("GET", f"{path}?include=keys")["questions"]
    free = [one for one in questions if one["type"] == "short_answer"][: per_learner // 2]
    objective = [one for one in questions if one["type"] in OBJECTIVE][: per_learner // 2]
    if len(free) + len(objective) < per_learner:
        raise RuntimeError(f"only {len(free)} free and {len(objective)} objective questions")
    owner.call("POST", f"{path}/publish")
    clients = [stack.client() for _ in range(learners)]
    for client in clients:
        client.http.timeout = 180
        client.sign_up("Learner")
    return ClassRoom(owner, made["question_set"]["id"], objective + free, clients)


def measure(stack: Stack, room: ClassRoom, seed: int) -> Measurement:
    """Everybody hands in at once; then the same answers one by one through the model."""
    dice = random.Random(seed)
    sheets = [
        [(question, answer(question, number, dice)) for question in room.questions]
        for number in range(len(room.learners))
    ]
    stack.forget_calls()
    started = datetime.now(UTC)
    with ThreadPoolExecutor(len(room.learners)) as pool:
        submitted = list(
            pool.map(lambda pair: _hand_in(room, *pair), zip(room.learners, sheets, strict=True))
        )
    handed_in = (datetime.now(UTC) - started).total_seconds()
    finished = [_wait(client, one) for client, one in zip(room.learners, submitted, strict=True)]
    requests = [one for one in stack.requests() if one["kind"] == "grade"]
    serial, planned = _serial(stack, room, sheets, requests)
    return Measurement(
        answers=sum(map(len, sheets)),
        free_answers=sum(q["type"] == "short_answer" for sheet in sheets for q, _ in sheet),
        makespan=(max(finished) - started).total_seconds(),
        handed_in=handed_in,
        batches=[one["planned_seconds"] for one in requests],
        batch_sizes=[len(_part(one, "answers")) for one in requests],
        serial=serial,
        serial_planned=planned,
        objective_ms=_objective_service_times(room, sheets),
        sizes=_sizes(stack, requests),
    )


def warm_up(room: ClassRoom) -> None:
    """Let the functions start, a few at a time: cold starts are told elsewhere."""
    dice = random.Random(0)
    for at_once in sorted({4, 10, len(room.learners)}):
        clients = room.learners[:at_once]
        sheets = [[(q, answer(q, n, dice)) for q in room.questions] for n in range(len(clients))]
        with ThreadPoolExecutor(at_once) as pool:
            submitted = list(
                pool.map(lambda pair: _hand_in(room, *pair), zip(clients, sheets, strict=True))
            )
        for client, one in zip(clients, submitted, strict=True):
            _wait(client, one)


def _sizes(stack: Stack, requests: Sequence[dict[str, Any]]) -> list[BatchSizeResult]:
    """All free answers of the class, as if they had come in one submission."""
    questions = {one["stem"]: one for request in requests for one in _part(request, "questions")}
    refs = {stem: f"q{number}" for number, stem in enumerate(questions)}
    asked = [{**one, "ref": refs[stem]} for stem, one in questions.items()]
    given = []
    for request in requests:
        stems = {one["ref"]: one["stem"] for one in _part(request, "questions")}
        given += [
            {**one, "question_ref": refs[stems[one["question_ref"]]]}
            for one in _part(request, "answers")
        ]
    return compare(stack, requests[0], asked, given)


def _hand_in(
    room: ClassRoom, client: LearningClient, sheet: Sequence[tuple[dict[str, Any], Any]]
) -> dict[str, Any]:
    body = {
        "question_set_id": room.question_set_id,
        "answers": [{"question_id": q["id"], "answer": given} for q, given in sheet],
    }
    return dict(client.call("POST", "/api/evaluation/submissions", body))


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


def _serial(
    stack: Stack,
    room: ClassRoom,
    sheets: Sequence[Sequence[tuple[dict[str, Any], Any]]],
    requests: Sequence[dict[str, Any]],
) -> tuple[float, float]:
    """Every answer in a request of its own, one after another: seconds taken and planned."""
    singles = [
        _one_answer(request, name) for request in requests for name in _part(request, "answers")
    ]
    singles += [
        _objective_request(requests[0], question, given)
        for sheet in sheets
        for question, given in sheet
        if question["type"] in OBJECTIVE
    ]
    stack.forget_calls()
    started = time.monotonic()
    for single in singles:
        stack.ask_model(single)
    taken = time.monotonic() - started
    return taken, sum(one["planned_seconds"] for one in stack.requests())


def _part(request: dict[str, Any], name: str) -> list[dict[str, Any]]:
    for part in request["body"]["contents"][-1]["parts"]:
        text = part.get("text", "")
        if text.startswith("{") and name in (data := json.loads(text)):
            return list(data[name])
    raise KeyError(name)


def _with_parts(
    request: dict[str, Any], question: dict[str, Any], given: dict[str, Any]
) -> dict[str, Any]:
    single = deepcopy(request)
    parts = single["body"]["contents"][-1]["parts"]
    task = parts[-1]
    single["body"]["contents"][-1]["parts"] = [
        {"text": json.dumps({"questions": [question]})},
        {"text": json.dumps({"answers": [given]})},
        task,
    ]
    return single


def _one_answer(request: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    [question] = [one for one in _part(request, "questions") if one["ref"] == given["question_ref"]]
    return _with_parts(request, question, given)


def _objective_request(
    request: dict[str, Any], question: dict[str, Any], given: Any
) -> dict[str, Any]:
    key = key_in_words(question)
    asked = {
        "ref": "q1",
        "stem": question["stem"],
        "reference_answer": key,
        "criteria": [{"id": "c1", "criterion": f"Answers: {key}", "points": 1.0}],
        "source_page": question["source"]["page"],
        "source_quote": question["source"]["quote"],
        "language": "en",
    }
    text = in_words(question, given)
    return _with_parts(request, asked, {"id": "a1", "question_ref": "q1", "text": text})


def _objective_service_times(
    room: ClassRoom, sheets: Sequence[Sequence[tuple[dict[str, Any], Any]]]
) -> list[float]:
    """Milliseconds that the service took for submissions of objective answers alone."""
    since = time.time()
    for _ in range(3):
        for client, sheet in zip(room.learners, sheets, strict=True):
            _hand_in(room, client, [(q, a) for q, a in sheet if q["type"] in OBJECTIVE])
    return service_times("evaluation", "/api/evaluation/submissions", since)
