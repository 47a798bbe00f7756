"""Which batch size: the same answers in batches of 5 to 10, all at once, straight at the model."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from functions.evaluation.rules.batching import FreeAnswer, plan_batches
from tests.benchmarks.questions.stack import Stack

SIZES = range(5, 11)


@dataclass(frozen=True)
class BatchSizeResult:
    """What one size costs: calls and prompt tokens of the quota, and the wait for the slowest."""

    size: int
    calls: int
    prompt_tokens: int
    slowest: float
    makespan: float


def compare(
    stack: Stack,
    template: dict[str, Any],
    questions: Sequence[dict[str, Any]],
    answers: Sequence[dict[str, Any]],
) -> list[BatchSizeResult]:
    """Ask about the same answers in batches of each size; `template` is a request's record."""
    return [_with_size(stack, template, questions, answers, size) for size in SIZES]


def _with_size(
    stack: Stack,
    template: dict[str, Any],
    questions: Sequence[dict[str, Any]],
    answers: Sequence[dict[str, Any]],
    size: int,
) -> BatchSizeResult:
    by_id = {one["id"]: one for one in answers}
    plan = plan_batches([FreeAnswer(a["id"], a["question_ref"], a["id"]) for a in answers], size)
    requests = [
        _request(template, questions, [by_id[one.id] for one in batch]) for batch in plan.batches
    ]
    stack.forget_calls()
    started = time.monotonic()
    with ThreadPoolExecutor(len(requests)) as pool:
        list(pool.map(stack.ask_model, requests))
    makespan = time.monotonic() - started
    seen = stack.requests()
    return BatchSizeResult(
        size=size,
        calls=len(seen),
        prompt_tokens=sum(one["prompt_tokens"] for one in seen),
        slowest=max(one["planned_seconds"] for one in seen),
        makespan=makespan,
    )


def _request(
    template: dict[str, Any],
    questions: Sequence[dict[str, Any]],
    answers: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    wanted = {one["question_ref"] for one in answers}
    request = deepcopy(template)
    content = request["body"]["contents"][-1]
    content["parts"] = [
        {"text": json.dumps({"questions": [one for one in questions if one["ref"] in wanted]})},
        {"text": json.dumps({"answers": list(answers)})},
        content["parts"][-1],
    ]
    return request
