"""Which free answers travel to the model together, and which need not travel at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

SMALLEST_BATCH = 5
LARGEST_BATCH = 10


@dataclass(frozen=True, slots=True)
class FreeAnswer:
    """One answer to be judged; answers of one question with an equal `canonical` are the same."""

    id: str
    question_id: str
    canonical: str


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """`batches` hold answers to send; `copies` names, per sent id, the ids that share its grade."""

    batches: tuple[tuple[FreeAnswer, ...], ...]
    copies: Mapping[str, tuple[str, ...]]


def plan_batches(answers: Sequence[FreeAnswer], preferred_size: int = LARGEST_BATCH) -> BatchPlan:
    """Split answers into balanced batches of 5 to 10, answers of one question side by side.

    Fewer than five distinct answers make one batch. Equal answers are sent once. The number of
    batches is at most a fifth of the answers, or one. The order of `answers` decides everything.
    Raises ValueError for a preferred size outside 5 to 10 and for an id that stands twice.
    """
    if not SMALLEST_BATCH <= preferred_size <= LARGEST_BATCH:
        raise ValueError(f"a batch holds {SMALLEST_BATCH} to {LARGEST_BATCH} answers")
    if len({answer.id for answer in answers}) != len(answers):
        raise ValueError("answer ids must be unique")
    first_ids, copies = _share_equal_answers(answers)
    distinct = _side_by_side([answer for answer in answers if answer.id in first_ids])
    return BatchPlan(batches=_cut(distinct, preferred_size), copies=copies)


def _share_equal_answers(
    answers: Sequence[FreeAnswer],
) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    same: dict[tuple[str, str], list[str]] = {}
    for answer in answers:
        same.setdefault((answer.question_id, answer.canonical), []).append(answer.id)
    copies = {ids[0]: tuple(ids[1:]) for ids in same.values() if len(ids) > 1}
    return frozenset(ids[0] for ids in same.values()), copies


def _side_by_side(answers: Sequence[FreeAnswer]) -> list[FreeAnswer]:
    by_question: dict[str, list[FreeAnswer]] = {}
    for answer in answers:
        by_question.setdefault(answer.question_id, []).append(answer)
    return [answer for group in by_question.values() for answer in group]


def _cut(answers: list[FreeAnswer], preferred_size: int) -> tuple[tuple[FreeAnswer, ...], ...]:
    if not answers:
        return ()
    # Rounding down keeps every batch at five or more: six answers at a preferred five are one six.
    count = max(ceil(len(answers) / LARGEST_BATCH), len(answers) // preferred_size, 1)
    boundaries = {
        position + 1
        for position, (left, right) in enumerate(pairwise(answers))
        if left.question_id != right.question_id
    }
    balanced = ceil(len(answers) / count)
    allowed = range(max(balanced - 1, SMALLEST_BATCH), min(balanced + 1, LARGEST_BATCH) + 1)
    batches = []
    start = 0
    for left in range(count, 0, -1):
        size = _next_size(start, len(answers) - start, left, boundaries, allowed)
        batches.append(tuple(answers[start : start + size]))
        start += size
    return tuple(batches)


def _next_size(
    start: int, remaining: int, batches_left: int, boundaries: set[int], allowed: range
) -> int:
    """The balanced size, moved by one where that keeps a question's answers together."""
    balanced = ceil(remaining / batches_left)
    for size in (balanced, balanced - 1, balanced + 1):
        rest, more = remaining - size, batches_left - 1
        fits = size in allowed and allowed[0] * more <= rest <= allowed[-1] * more
        if fits and start + size in boundaries:
            return size
    return balanced
