"""One conversation's worker: its parts, to be asked and looked at."""

import asyncio
import json
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from redis.exceptions import ConnectionError as CacheLost
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from functions.chat.answer_store import AnswerStore
from functions.chat.pipeline import Answering
from shared.ai import (
    LanguageModel,
    ModelRequest,
    StreamEnd,
    TextDelta,
)
from shared.database.engine import Database
from shared.database.tables.chat import ChatMessage, ChatSession
from shared.realtime.chat_signals import ChatRequest
from shared.realtime.connections import ConnectionGone
from tests.fakes.language_model import FakeLanguageModel

REPLY = "They lower the activation energy.\n---CITATIONS---\n" + json.dumps(
    [{"page": 1, "quote": "Enzymes lower the activation energy of a reaction."}]
)
CITATION = {
    "page": 1,
    "quote": "Enzymes lower the activation energy of a reaction.",
    "transcribed": False,
}


class PacedModel(FakeLanguageModel):
    """Gives a reply word by word, waiting `seconds` before each, and may break with `error`."""

    def __init__(self, reply: str, seconds: float = 0.0, error: Exception | None = None) -> None:
        super().__init__(answer=reply)
        self._seconds = seconds
        self._error = error

    async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | StreamEnd]:
        reply = self._reply(request, self._next(request))
        for word in reply.text.split(" "):
            await asyncio.sleep(self._seconds)
            yield TextDelta(word + " ")
        if self._error is not None:
            raise self._error
        yield StreamEnd(reply)


class InterruptedModel(FakeLanguageModel):
    """Lets something happen before it answers."""

    def __init__(self, reply: str, meanwhile: Callable[[ModelRequest], Awaitable[None]]) -> None:
        super().__init__(answer=reply)
        self._meanwhile = meanwhile

    async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | StreamEnd]:
        await self._meanwhile(request)
        async for item in super().stream(request):
            yield item


class FakeSender:
    """Keeps what was sent; `gone_after` frames the client disconnects; `failures` are lost."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.gone_after: int | None = None
        self.failures = 0

    def send(self, connection_id: str, kind: str, **fields: Any) -> None:
        if self.gone_after is not None and len(self.frames) >= self.gone_after:
            raise ConnectionGone
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("API Gateway is busy")
        self.frames.append({"connection_id": connection_id, "type": kind, **fields})

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]


class FakeStops:
    """Stops every answer after `looks` looks."""

    def __init__(self) -> None:
        self.looks: int | None = None
        self.cache_is_lost = False

    def is_asked(self, user_id: uuid.UUID, message_id: str, sent_at: int) -> bool:
        if self.cache_is_lost:
            raise CacheLost
        if self.looks is None:
            return False
        self.looks -= 1
        return self.looks < 0


class Chat:
    """The parts of one conversation's worker, to be asked and looked at."""

    def __init__(self, database: Database, session: ChatSession) -> None:
        self.database = database
        self.session = session
        self.sender = FakeSender()
        self.stops = FakeStops()
        self.model: LanguageModel = FakeLanguageModel(answer=REPLY)
        self.outages = 0
        self._lock = threading.Lock()

    def answering(self) -> Answering:
        return Answering(self._open_store, lambda: self.model, self.sender, self.stops)

    async def ask(
        self,
        text: str = "What do enzymes do?",
        message_id: str = "m1",
        attempt: int = 1,
        **values: Any,
    ) -> None:
        fields = {
            "connection_id": "c1",
            "user_id": self.session.user_id,
            "session_id": self.session.id,
            "sent_at": 1,
            **values,
        }
        question = ChatRequest(message_id=message_id, text=text, **fields)
        await self.answering().answer(question, attempt)

    def message(self, message_id: str = "m1", role: str = "assistant") -> ChatMessage:
        with self.database.transaction() as session:
            return session.scalars(
                select(ChatMessage).where(
                    ChatMessage.client_message_id == message_id, ChatMessage.role == role
                )
            ).one()

    @contextmanager
    def _open_store(self) -> Iterator[AnswerStore]:
        with self._lock:
            failing = self.outages > 0
            self.outages -= failing
        if failing:
            raise OperationalError("SELECT", {}, Exception("server closed the connection"))
        with self.database.transaction() as session:
            yield AnswerStore(session)
