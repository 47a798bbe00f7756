"""What each chunk of an evaluation's job is about: which answers travel to the model together."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from functions.evaluation.cache_keys import answer_canonical
from functions.evaluation.ports import AnswerToGrade
from functions.evaluation.rules.batching import FreeAnswer, plan_batches
from shared.jobs.model import ChunkPlan


def plan_chunks(
    answers: Sequence[AnswerToGrade], suspicious: Collection[uuid.UUID], size: int, **more: Any
) -> list[ChunkPlan]:
    """Chunks of about `size` answers, of the same question where possible, whoever wrote them.

    `more` goes into every chunk's payload.
    """
    ordinary = [one for one in answers if one.id not in suspicious]
    apart = [one for one in answers if one.id in suspicious]
    payloads = [*_batches(ordinary, size), *_apart(apart, size)]
    return [
        ChunkPlan(ordinal, {**payload, **more}) for ordinal, payload in enumerate(payloads, start=1)
    ]


def groups_of(payload: Mapping[str, Any]) -> list[list[uuid.UUID]]:
    """The answers that a chunk decides on; those of one group are equal and share a grade."""
    copies: Mapping[str, list[str]] = payload.get("copies", {})
    return [
        [uuid.UUID(one) for one in (named, *copies.get(named, []))] for named in payload["answers"]
    ]


def answers_of(payload: Mapping[str, Any]) -> list[uuid.UUID]:
    """Every answer that a chunk decides on."""
    return [one for group in groups_of(payload) for one in group]


def calls_for(payload: Mapping[str, Any]) -> int:
    """How often the model is asked about a chunk's answers, if every reply is sound."""
    return len(payload["answers"]) if payload.get("alone") else 1


def _batches(answers: Sequence[AnswerToGrade], size: int) -> list[dict[str, Any]]:
    plan = plan_batches(
        [FreeAnswer(str(one.id), str(one.question.id), answer_canonical(one)) for one in answers],
        size,
    )
    return [
        {
            "answers": [one.id for one in batch],
            "copies": {one.id: list(plan.copies[one.id]) for one in batch if one.id in plan.copies},
        }
        for batch in plan.batches
    ]


def _apart(answers: Sequence[AnswerToGrade], size: int) -> list[dict[str, Any]]:
    """A suspicious answer never shares a request: it could move its neighbours' grades."""
    ids = [str(one.id) for one in answers]
    return [
        {"answers": ids[start : start + size], "copies": {}, "alone": True}
        for start in range(0, len(ids), size)
    ]
