"""The blind solve of what was made."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from functions.questions.drafts import Solution, SolutionReply
from functions.questions.pipeline import GenerationOptions
from shared.ai import DataPart, ModelRequest, ModelUnavailable, ReplyInvalid
from shared.database.engine import Database
from tests.factories.drafts import data_of, propose, solve
from tests.integration.questions.generation import Generation

Start = Callable[..., Generation]


@pytest.fixture
def start(database: Database, redis: Redis) -> Start:
    def build(solver: Any = solve, count: int = 5, **options: Any) -> Generation:
        def answer(request: ModelRequest[Any]) -> Any:
            if request.purpose == "generate":
                return propose(request)
            return solver(request) if callable(solver) else solver

        answer.solves = True  # type: ignore[attr-defined]
        return Generation(database, redis, answer, count, **options)

    return build


def test_a_chunk_is_solved_blind_by_one_call(start: Start) -> None:
    generation = start()

    generation.run()

    assert [request.purpose for request in generation.model.requests] == ["generate", "verify"]
    assert all(question.needs_review is False for question in generation.questions())


def test_the_solver_sees_neither_keys_nor_quotes(start: Start) -> None:
    generation = start()

    generation.run()

    request = generation.model.requests[1]
    data = [part.value for part in request.parts if isinstance(part, DataPart)]
    assert [set(one) for one in data] == [{"passages"}, {"items"}]
    assert {name for item in data[1]["items"] for name in item} == {"id", "type", "stem", "options"}


def test_disagreement_is_flagged_and_the_question_kept(start: Start) -> None:
    def object_to_all(request: ModelRequest[Any]) -> SolutionReply:
        items = data_of(request, "items")
        return SolutionReply(solutions=[Solution(id=item["id"], text="basalt") for item in items])

    generation = start(object_to_all)

    generation.run()

    assert len(generation.questions()) == 5
    assert all(question.needs_review for question in generation.questions())


@pytest.mark.parametrize(
    "failure",
    [
        ReplyInvalid(["no"]),
        ModelUnavailable("down", retry_after=1),
        SolutionReply(solutions=[]),
        RuntimeError("a bug"),
    ],
)
def test_a_failed_verification_loses_nothing(start: Start, failure: Any) -> None:
    generation = start(failure)

    generation.run()

    assert generation.job().status == "completed"
    assert len(generation.questions()) == 5
    assert all(question.needs_review is None for question in generation.questions())
    assert all(question.review_reason for question in generation.questions())


def test_one_switch_turns_it_off(start: Start) -> None:
    generation = start(options=GenerationOptions(verify=False))

    generation.run()

    assert [request.purpose for request in generation.model.requests] == ["generate"]
    assert all(question.needs_review is None for question in generation.questions())


def test_questions_are_told_before_they_are_solved(start: Start) -> None:
    told: list[int] = []

    def solve_late(request: ModelRequest[Any]) -> SolutionReply:
        told.extend(len(event.get("questions", [])) for event in generation.events())
        return solve(request)

    generation = start(solve_late)

    generation.run()

    assert sum(told) == 5
