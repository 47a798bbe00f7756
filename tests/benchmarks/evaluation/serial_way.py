"""Every answer in a request of its own, one after another, as the monolith graded."""

import json
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.evaluation.answers import in_words, key_in_words
from tests.benchmarks.evaluation.class_room import OBJECTIVE, Sheet
from tests.benchmarks.questions.stack import Stack

Request = dict[str, Any]


@dataclass(frozen=True)
class SerialWay:
    """Seconds that it took, and that the emulator's latency model drew for it."""

    taken: float
    planned: float


def grade_serially(stack: Stack, sheets: Sequence[Sheet], requests: Sequence[Request]) -> SerialWay:
    """The free answers are those of `requests`, which asked about them in batches."""
    singles = [_one_answer(request, name) for request in requests for name in answers_of(request)]
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
    return SerialWay(taken, sum(one["planned_seconds"] for one in stack.requests()))


def answers_of(request: Request) -> list[Request]:
    """The answers that a request to the model is about."""
    return _part(request, "answers")


def questions_of(request: Request) -> list[Request]:
    """The questions that those are of."""
    return _part(request, "questions")


def _part(request: Request, name: str) -> list[Request]:
    for part in request["body"]["contents"][-1]["parts"]:
        text = part.get("text", "")
        if text.startswith("{") and name in (data := json.loads(text)):
            return list(data[name])
    raise KeyError(name)


def _with_parts(request: Request, question: Request, given: Request) -> Request:
    single = deepcopy(request)
    parts = single["body"]["contents"][-1]["parts"]
    task = parts[-1]
    single["body"]["contents"][-1]["parts"] = [
        {"text": json.dumps({"questions": [question]})},
        {"text": json.dumps({"answers": [given]})},
        task,
    ]
    return single


def _one_answer(request: Request, given: Request) -> Request:
    [question] = [one for one in questions_of(request) if one["ref"] == given["question_ref"]]
    return _with_parts(request, question, given)


def _objective_request(request: Request, question: Request, given: Any) -> Request:
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
