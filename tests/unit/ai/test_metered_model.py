"""Requests that end without an answer are counted, each once."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.ai.errors import ModelSaturated, ModelUnavailable, ReplyBlocked
from shared.ai.interface import Lane, ModelRequest, TextDelta
from shared.ai.metered_model import MeteredLanguageModel

REQUEST: ModelRequest[Any] = ModelRequest(
    lane=Lane.GRADING,
    purpose="grade",
    system_instruction="",
    parts=("x",),
    max_output_tokens=1,
    temperature=0.0,
    deadline=datetime.now(UTC) + timedelta(seconds=9),
)
FAILURES = [
    ModelSaturated(datetime.now(UTC), "minute_quota"),
    ModelUnavailable("all keys fail", retry_after=1.0),
    ReplyBlocked("SAFETY"),
]


class Counted:
    def __init__(self) -> None:
        self.unanswered: list[tuple[str, str, str]] = []

    def record_unanswered(self, model: str, lane: str, code: str) -> None:
        self.unanswered.append((model, lane, code))

    def record_degraded(self, model: str) -> None: ...


class Inner:
    """Says a word, then fails if it shall. Tells whether its stream was closed."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.closed = False

    async def generate(self, _request: Any) -> str:
        if self.error:
            raise self.error
        return "reply"

    async def stream(self, _request: Any) -> AsyncGenerator[TextDelta]:
        try:
            yield TextDelta("a word")
            if self.error:
                raise self.error
        finally:
            self.closed = True


@pytest.fixture
def metered() -> Callable[[Inner], tuple[MeteredLanguageModel, Counted]]:
    def build(inner: Any) -> tuple[MeteredLanguageModel, Counted]:
        counted = Counted()
        return MeteredLanguageModel(inner, counted, "first"), counted

    return build


async def test_an_answer_is_passed_on_and_not_counted(metered):
    model, counted = metered(Inner())
    assert await model.generate(REQUEST) == "reply"
    assert [item.text async for item in model.stream(REQUEST)] == ["a word"]
    assert counted.unanswered == []


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.code)
async def test_what_ends_without_an_answer_is_counted_by_its_code(metered, failure):
    model, counted = metered(Inner(failure))
    with pytest.raises(type(failure)):
        await model.generate(REQUEST)
    with pytest.raises(type(failure)):
        _ = [item async for item in model.stream(REQUEST)]
    assert counted.unanswered == [("first", "grading", failure.code)] * 2


async def test_a_stream_that_nobody_listens_to_any_more_is_closed_and_not_counted(metered):
    inner = Inner()
    model, counted = metered(inner)
    stream = model.stream(REQUEST)
    await anext(stream)
    await stream.aclose()
    assert inner.closed
    assert counted.unanswered == []
