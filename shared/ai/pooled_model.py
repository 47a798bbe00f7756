"""The product's LanguageModel: prompts through the dispatcher, replies through their schema."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.ai.dispatch import Answered, Dispatcher, Order
from shared.ai.errors import ReplyInvalid
from shared.ai.interface import (
    ModelReply,
    ModelRequest,
    StreamEnd,
    TextDelta,
    Usage,
    ValueT,
)
from shared.ai.prompt import prompt_for
from shared.ai.repair import Broken, checked, repair_prompt


class PooledLanguageModel:
    """Implements shared.ai.interface.LanguageModel."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def generate(self, request: ModelRequest[ValueT]) -> ModelReply[ValueT]:
        order = _order(request)
        first = await self._dispatcher.answer(order)
        kind: Any = request.response_type
        if kind is None:
            return _reply(None, first)
        try:
            return _reply(checked(first.reply.text, kind), first)
        except Broken as broken:
            prompt = repair_prompt(order.prompt, first.reply.text, broken.errors)
        second = await self._dispatcher.answer(replace(order, prompt=prompt))
        try:
            return _reply(checked(second.reply.text, kind), second, first)
        except Broken as broken:
            raise ReplyInvalid(broken.errors) from None

    async def stream(self, request: ModelRequest) -> AsyncGenerator[TextDelta | StreamEnd]:
        async with aclosing(self._dispatcher.stream(_order(request))) as items:
            async for item in items:
                if isinstance(item, Answered):
                    yield StreamEnd(_reply(None, item))
                else:
                    yield TextDelta(item)


def _order(request: ModelRequest[Any]) -> Order:
    left = (request.deadline - datetime.now(UTC)).total_seconds()
    return Order(
        prompt=prompt_for(request),
        lane=request.lane,
        purpose=request.purpose,
        user_id=request.user_id,
        job_id=request.job_id,
        ends_at=time.monotonic() + left,
    )


def _reply(value: Any, last: Answered, earlier: Answered | None = None) -> ModelReply[Any]:
    """The reply; where it took a repair, both calls' tokens and time are told."""
    usage, latency, attempts = last.reply.usage, last.latency_seconds, last.attempts
    if earlier is not None:
        usage = _sum(usage, earlier.reply.usage)
        latency += earlier.latency_seconds
        attempts += earlier.attempts
    return ModelReply(
        value=value,
        text=last.reply.text,
        model=last.lease.model,
        key_alias=last.lease.alias,
        usage=usage,
        latency_seconds=latency,
        attempts=attempts,
    )


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.output_tokens + other.output_tokens,
        one.cached_tokens + other.cached_tokens,
        one.thought_tokens + other.thought_tokens,
    )
