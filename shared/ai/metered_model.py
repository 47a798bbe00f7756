"""A language model whose unanswered requests are counted: no call is made, so no call's line is."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

from shared.ai.errors import LanguageModelError
from shared.ai.interface import (
    Lane,
    ModelReply,
    ModelRequest,
    StreamEnd,
    TextDelta,
    ValueT,
)
from shared.ai.metrics import RequestMetrics
from shared.ai.pooled_model import PooledLanguageModel


class MeteredLanguageModel:
    """Implements shared.ai.interface.LanguageModel. `model` is what requests ask for first."""

    def __init__(self, inner: PooledLanguageModel, metrics: RequestMetrics, model: str) -> None:
        self._inner = inner
        self._metrics = metrics
        self._model = model

    async def generate(self, request: ModelRequest[ValueT]) -> ModelReply[ValueT]:
        with self._counted(request.lane):
            return await self._inner.generate(request)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[TextDelta | StreamEnd]:
        with self._counted(request.lane):
            async with aclosing(self._inner.stream(request)) as items:
                async for item in items:
                    yield item

    @contextmanager
    def _counted(self, lane: Lane) -> Iterator[None]:
        try:
            yield
        except LanguageModelError as error:
            self._metrics.record_unanswered(self._model, lane.value, error.code)
            raise
