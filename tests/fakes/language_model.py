"""A language model that says what a test wrote down for it."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from pydantic import BaseModel

from shared.ai import ModelReply, ModelRequest, StreamEnd, TextDelta, Usage
from shared.ai.interface import ValueT

Scripted = BaseModel | str | Exception
Answer = Scripted | Callable[[ModelRequest[Any]], Scripted]


class FakeLanguageModel:
    """Gives `answers` in order, or asks `answer` each time; keeps every request.

    An answer is a response object, a text, an exception to raise, or a function of the request
    that returns one of those. A text is parsed where the request asks for a response type.
    """

    def __init__(self, answers: Iterable[Answer] = (), *, answer: Answer | None = None) -> None:
        self._answers = deque(answers)
        self._otherwise = answer
        self.requests: list[ModelRequest[Any]] = []

    async def generate(self, request: ModelRequest[ValueT]) -> ModelReply[ValueT]:
        return self._reply(request, self._next(request))

    async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | StreamEnd]:
        reply = self._reply(request, self._next(request))
        for word in reply.text.splitlines(keepends=True):
            yield TextDelta(word)
        yield StreamEnd(reply)

    def _next(self, request: ModelRequest[Any]) -> BaseModel | str:
        self.requests.append(request)
        if not self._answers and self._otherwise is None:
            raise AssertionError(f"no answer left for a {request.purpose!r} request")
        given = self._answers.popleft() if self._answers else self._otherwise
        scripted = given(request) if callable(given) else given
        if isinstance(scripted, Exception):
            raise scripted
        assert scripted is not None
        return scripted

    def _reply(self, request: ModelRequest[ValueT], answer: BaseModel | str) -> ModelReply[ValueT]:
        text = answer if isinstance(answer, str) else answer.model_dump_json()
        value: Any = answer if isinstance(answer, BaseModel) else None
        wanted: Any = request.response_type
        if value is None and wanted is not None:
            value = wanted.model_validate_json(text)
        return ModelReply(
            value=value,
            text=text,
            model="fake-model",
            key_alias="fake-key",
            usage=Usage(prompt_tokens=100, output_tokens=50),
            latency_seconds=0.01,
            attempts=1,
        )
