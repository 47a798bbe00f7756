"""An evaluation of a whole class, measured from outside: the jobs' ends, the model, the logs."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.evaluation.batch_sizes import BatchSizeResult, compare
from tests.benchmarks.evaluation.class_room import OBJECTIVE, ClassRoom, Sheet
from tests.benchmarks.evaluation.serial_way import (
    SerialWay,
    answers_of,
    grade_serially,
    questions_of,
)
from tests.benchmarks.evaluation.service_log import service_times
from tests.benchmarks.evaluation.ways import (
    HandedIn,
    HandIn,
    hand_in_separately,
    hand_in_together,
    submit,
)
from tests.benchmarks.questions.stack import Stack

# Answers of these seeds meet no cached grade of the measured ones.
_WARM_UP_SEED, _FLOOR_SEED = 1_000, 2_000


@dataclass(frozen=True)
class WayMeasured:
    """One way of handing the answers in.

    `batches` has the seconds that the emulator's latency model drew for each call. `floor` is the
    same with a model that answers at once: what this machine's processors take.
    """

    name: str
    answers: int
    free_answers: int
    handed_in: HandedIn
    batches: list[float]
    floor: HandedIn
    serial: SerialWay

    @property
    def makespan(self) -> float:
        """Seconds until the last grade."""
        return self.handed_in.makespan

    @property
    def limit(self) -> float:
        """No way of doing it is faster than the serial one by more than this."""
        return self.serial.planned / max(self.batches)

    @property
    def speed_up(self) -> float:
        """How much faster than the serial way it is."""
        return self.serial.taken / self.makespan


@dataclass(frozen=True)
class Measurement:
    """Both ways with the same answers, and what concerns them both."""

    ways: list[WayMeasured]
    objective_ms: list[float]
    sizes: list[BatchSizeResult]

    @property
    def makespan(self) -> float:
        """Both ways' together."""
        return sum(one.makespan for one in self.ways)

    @property
    def objective_p95(self) -> float:
        """Milliseconds of service time for a submission of objective answers."""
        return statistics.quantiles(self.objective_ms, n=20)[-1]


@dataclass(frozen=True)
class Rooms:
    """The same questions in two sets, one a way: so neither meets the other's cached grades."""

    separately: ClassRoom
    together: ClassRoom

    def __post_init__(self) -> None:
        stems = [[one["stem"] for one in room.questions] for room in self.each()]
        if stems[0] != stems[1]:
            raise RuntimeError("the two sets' questions differ")

    def each(self) -> tuple[ClassRoom, ClassRoom]:
        """Both."""
        return self.separately, self.together


def warm_up(rooms: Rooms) -> None:
    """Let the functions start, a few at a time: cold starts are told elsewhere."""
    room, everybody = rooms.separately, len(rooms.separately.learners)
    for number, at_once in enumerate((4, 10, everybody, everybody)):
        hand_in_separately(room, room.sheets(_WARM_UP_SEED + number)[:at_once])
    hand_in_together(rooms.together, rooms.together.sheets(_WARM_UP_SEED))


def find_floors(rooms: Rooms, seed: int) -> tuple[HandedIn, HandedIn]:
    """Both ways on the stack as it is set, whose model should answer at once."""
    room, other = rooms.each()
    return (
        hand_in_separately(room, room.sheets(_FLOOR_SEED + seed)),
        hand_in_together(other, other.sheets(_FLOOR_SEED + seed)),
    )


def measure(
    stack: Stack, rooms: Rooms, seed: int, floors: tuple[HandedIn, HandedIn]
) -> Measurement:
    """The same answers handed in both ways; then one by one through the model."""
    separately = _observe(stack, rooms.separately, seed, hand_in_separately)
    together = _observe(stack, rooms.together, seed, hand_in_together)
    sheets = rooms.separately.sheets(seed)
    serial = grade_serially(stack, sheets, separately.requests)
    return Measurement(
        ways=[
            _way("separate", sheets, separately, floors[0], serial),
            _way("class", sheets, together, floors[1], serial),
        ],
        objective_ms=_objective_service_times(rooms.separately, sheets),
        sizes=_sizes(stack, separately.requests),
    )


@dataclass(frozen=True)
class _Observed:
    handed_in: HandedIn
    requests: list[dict[str, Any]]


def _observe(stack: Stack, room: ClassRoom, seed: int, hand_in: HandIn) -> _Observed:
    stack.forget_calls()
    handed_in = hand_in(room, room.sheets(seed))
    return _Observed(handed_in, [one for one in stack.requests() if one["kind"] == "grade"])


def _way(
    name: str, sheets: Sequence[Sheet], observed: _Observed, floor: HandedIn, serial: SerialWay
) -> WayMeasured:
    return WayMeasured(
        name=name,
        answers=sum(map(len, sheets)),
        free_answers=sum(q["type"] == "short_answer" for sheet in sheets for q, _ in sheet),
        handed_in=observed.handed_in,
        batches=[one["planned_seconds"] for one in observed.requests],
        floor=floor,
        serial=serial,
    )


def _sizes(stack: Stack, requests: Sequence[dict[str, Any]]) -> list[BatchSizeResult]:
    """All free answers of the class, as if they had come in one submission."""
    questions = {one["stem"]: one for request in requests for one in questions_of(request)}
    refs = {stem: f"q{number}" for number, stem in enumerate(questions)}
    asked = [{**one, "ref": refs[stem]} for stem, one in questions.items()]
    given = []
    for request in requests:
        stems = {one["ref"]: one["stem"] for one in questions_of(request)}
        given += [
            {**one, "question_ref": refs[stems[one["question_ref"]]]} for one in answers_of(request)
        ]
    return compare(stack, requests[0], asked, given)


def _objective_service_times(room: ClassRoom, sheets: Sequence[Sheet]) -> list[float]:
    """Milliseconds that the service took for submissions of objective answers alone."""
    since = time.time()
    for _ in range(3):
        for client, sheet in zip(room.learners, sheets, strict=True):
            submit(room, client, [(q, a) for q, a in sheet if q["type"] in OBJECTIVE])
    return service_times("evaluation", "/api/evaluation/submissions", since)
