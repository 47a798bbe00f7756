"""Answers to questions over the socket, on real PostgreSQL with a model of the tests' own."""

import asyncio
import json
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.exceptions import ConnectionError as CacheLost
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from functions.chat.answer_store import AnswerStore
from functions.chat.pipeline import Answering, ComeAgain
from shared.ai import (
    DataPart,
    LanguageModel,
    ModelRequest,
    ModelSaturated,
    ModelUnavailable,
    ReplyBlocked,
    ReplyTruncated,
    StreamEnd,
    TextDelta,
    Turn,
)
from shared.database.engine import Database
from shared.database.tables.chat import ChatMessage, ChatSession
from shared.database.tables.documents import Document, DocumentPage
from shared.identifiers import new_id
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


class FakeSender:
    """Keeps what was sent; `gone_after` frames the client disconnects."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.gone_after: int | None = None

    def send(self, connection_id: str, kind: str, **fields: Any) -> None:
        if self.gone_after is not None and len(self.frames) >= self.gone_after:
            raise ConnectionGone
        self.frames.append({"connection_id": connection_id, "type": kind, **fields})

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]


class FakeStops:
    """Stops every answer after `looks` looks."""

    def __init__(self) -> None:
        self.looks: int | None = None
        self.cache_is_lost = False

    def is_asked(self, user_id: uuid.UUID, message_id: str) -> bool:
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


@pytest.fixture
def conversation(database: Database, chat: ChatSession) -> Chat:
    return Chat(database, chat)


async def test_an_answer_is_streamed_stored_and_cited(conversation: Chat) -> None:
    await conversation.ask()
    deltas = conversation.sender.of_type("chat.delta")
    assert "".join(frame["text"] for frame in deltas) == "They lower the activation energy."
    done = conversation.sender.frames[-1]
    assert done["type"] == "chat.done"
    assert done["message_id"] == "m1"
    assert done["text"] == "They lower the activation energy."
    assert done["citations"] == [CITATION]
    assert done["grounded"] is True
    stored = conversation.message()
    assert (stored.status, stored.text, stored.grounded) == ("done", done["text"], True)
    assert stored.citations == [CITATION]
    assert conversation.message(role="user").text == "What do enzymes do?"


async def test_a_citation_says_that_its_page_was_transcribed(conversation: Chat) -> None:
    with conversation.database.transaction() as session:
        session.execute(update(DocumentPage).values(text_source="transcription"))

    await conversation.ask()
    await conversation.ask()

    cited = {**CITATION, "transcribed": True}
    told = [frame["citations"] for frame in conversation.sender.of_type("chat.done")]
    assert told == [[cited], [cited]]
    assert conversation.message().citations == [cited]


async def test_the_pages_and_the_question_go_to_the_model_as_data(conversation: Chat) -> None:
    await conversation.ask("What do enzymes do?")
    assert isinstance(conversation.model, FakeLanguageModel)
    passages, question, _ = conversation.model.requests[0].parts
    assert isinstance(passages, DataPart)
    assert [one["page"] for one in passages.value["passages"]] == [1, 2]
    assert question == DataPart({"question": "What do enzymes do?"})


async def test_a_quote_that_is_not_on_its_page_is_dropped(conversation: Chat) -> None:
    wrong = json.dumps([{"page": 2, "quote": CITATION["quote"]}])
    conversation.model = FakeLanguageModel(answer=f"Yes.\n---CITATIONS---\n{wrong}")
    await conversation.ask()
    done = conversation.sender.frames[-1]
    assert (done["citations"], done["grounded"]) == ([], False)


async def test_words_come_in_about_twenty_frames_a_second(conversation: Chat) -> None:
    conversation.model = PacedModel("word " * 200, seconds=0.004)
    await conversation.ask()
    deltas = conversation.sender.of_type("chat.delta")
    assert 5 <= len(deltas) <= 30
    assert "".join(frame["text"] for frame in deltas) == conversation.sender.frames[-1]["text"]


async def test_a_message_that_comes_twice_is_answered_once(conversation: Chat) -> None:
    await conversation.ask()
    await conversation.ask(connection_id="c2")
    assert isinstance(conversation.model, FakeLanguageModel)
    assert len(conversation.model.requests) == 1
    first, second = conversation.sender.of_type("chat.done")
    assert {**first, "connection_id": "c2"} == second


async def test_two_workers_with_one_message_answer_it_once(conversation: Chat) -> None:
    conversation.model = PacedModel(REPLY, seconds=0.02)
    ends = await asyncio.gather(conversation.ask(), conversation.ask(), return_exceptions=True)
    assert [type(end) for end in ends if end is not None] == [ComeAgain]
    assert len(conversation.sender.of_type("chat.done")) == 1


async def test_another_text_under_a_used_message_id_is_refused(conversation: Chat) -> None:
    await conversation.ask("What do enzymes do?")
    await conversation.ask("What do ribosomes do?")
    assert conversation.sender.frames[-1]["code"] == "message_id_reused"


async def test_many_questions_are_answered_at_the_same_time(conversation: Chat) -> None:
    conversation.model = PacedModel(REPLY, seconds=0.05)
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(conversation.ask(message_id=f"m{number}") for number in range(5)))
    seconds = asyncio.get_running_loop().time() - started
    assert len(conversation.sender.of_type("chat.done")) == 5
    assert seconds < 5 * 0.05 * len(REPLY.split(" ")) * 0.8


async def test_a_lost_connection_loses_no_answer(conversation: Chat) -> None:
    conversation.model = PacedModel(REPLY, seconds=0.03)
    conversation.sender.gone_after = 1
    await conversation.ask()
    assert len(conversation.sender.frames) == 1
    assert conversation.message().text == "They lower the activation energy."


async def test_a_stopped_answer_ends_with_what_was_said(conversation: Chat) -> None:
    conversation.model = PacedModel("word " * 500, seconds=0.01)
    conversation.stops.looks = 2
    await conversation.ask()
    done = conversation.sender.frames[-1]
    said = "".join(frame["text"] for frame in conversation.sender.of_type("chat.delta"))
    assert done["type"] == "chat.done"
    assert done["text"] == said
    assert 0 < len(said) < len("word " * 500) - 10
    assert (conversation.message().status, conversation.message().text) == ("stopped", said)


async def test_without_the_cache_answers_go_on(conversation: Chat) -> None:
    conversation.stops.cache_is_lost = True
    await conversation.ask()
    assert conversation.sender.frames[-1]["type"] == "chat.done"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelSaturated(datetime.now(UTC), "rpm"), "model_busy"),
        (ModelUnavailable("away", retry_after=3), "model_unavailable"),
        (ReplyBlocked("SAFETY"), "reply_blocked"),
        (TimeoutError(), "model_unavailable"),
    ],
)
async def test_a_model_that_gives_no_answer_is_told(
    conversation: Chat, error: Exception, code: str
) -> None:
    conversation.model = FakeLanguageModel(answer=error)
    await conversation.ask()
    assert [frame["type"] for frame in conversation.sender.frames] == ["chat.error"]
    assert conversation.sender.frames[0]["code"] == code
    assert conversation.sender.frames[0]["message_id"] == "m1"
    stored = conversation.message()
    assert (stored.status, stored.error_code) == ("failed", code)


async def test_a_failed_message_that_is_sent_again_is_answered(conversation: Chat) -> None:
    conversation.model = FakeLanguageModel([ModelUnavailable("away", retry_after=3), REPLY])
    await conversation.ask()
    await conversation.ask()
    assert conversation.sender.frames[-1]["type"] == "chat.done"
    assert conversation.sender.of_type("chat.delta")
    assert conversation.message().error_code is None


async def test_a_stream_that_breaks_keeps_what_was_said(conversation: Chat) -> None:
    broken = ModelUnavailable("cut", retry_after=1)
    conversation.model = PacedModel("Half an answer", seconds=0.08, error=broken)
    await conversation.ask()
    assert conversation.sender.frames[-1]["code"] == "model_unavailable"
    assert conversation.message().text == "Half an answer"


async def test_an_answer_that_is_too_long_ends_where_it_was_cut(conversation: Chat) -> None:
    conversation.model = PacedModel("A long answer", error=ReplyTruncated())
    await conversation.ask()
    done = conversation.sender.frames[-1]
    assert (done["type"], done["text"], done["grounded"]) == ("chat.done", "A long answer", False)


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_lost_database_sends_the_message_back(conversation: Chat, failing: int) -> None:
    conversation.outages = failing
    with pytest.raises(ComeAgain):
        await conversation.ask()
    conversation.outages = 0
    await conversation.ask(attempt=2)
    assert conversation.sender.frames[-1]["type"] == "chat.done"


async def test_an_answer_that_was_begun_before_is_told_whole(conversation: Chat) -> None:
    conversation.model = FakeLanguageModel([RuntimeError("lost"), REPLY])
    with pytest.raises(ComeAgain):
        await conversation.ask()
    await conversation.ask(attempt=2)
    assert [frame["type"] for frame in conversation.sender.frames] == ["chat.done"]


async def test_the_last_attempt_that_fails_is_told(conversation: Chat) -> None:
    conversation.model = FakeLanguageModel(answer=RuntimeError("lost"))
    await conversation.ask(attempt=3)
    assert conversation.sender.frames[-1]["code"] == "internal_error"
    assert "lost" not in conversation.sender.frames[-1]["message"]
    assert conversation.message().status == "failed"


async def test_the_question_of_a_dead_worker_is_taken_over_when_its_lease_ends(
    conversation: Chat,
) -> None:
    conversation.model = FakeLanguageModel([RuntimeError("lost"), REPLY])
    with pytest.raises(ComeAgain):
        await conversation.ask()
    lease_until = datetime.now(UTC) + timedelta(seconds=60)
    with conversation.database.transaction() as session:
        session.execute(
            update(ChatMessage)
            .where(ChatMessage.role == "assistant")
            .values(lease_until=lease_until)
        )
    with pytest.raises(ComeAgain) as later:
        await conversation.ask()
    assert later.value.seconds <= 10
    with conversation.database.transaction() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(
            update(ChatMessage).where(ChatMessage.role == "assistant").values(lease_until=past)
        )
    await conversation.ask()
    assert conversation.sender.frames[-1]["type"] == "chat.done"


async def test_the_session_of_another_is_not_found(
    conversation: Chat, add_user: Callable[[], uuid.UUID]
) -> None:
    await conversation.ask(user_id=add_user())
    await conversation.ask(session_id=new_id())
    assert [frame["code"] for frame in conversation.sender.frames] == ["chat_session_not_found"] * 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 4001, "text_too_long"),
        ("", "invalid_text"),
        ("  \n", "invalid_text"),
        ("a\x00b", "invalid_text"),
        ("\ud800", "invalid_text"),
    ],
)
async def test_a_text_that_cant_be_answered_is_refused(
    conversation: Chat, text: str, code: str
) -> None:
    await conversation.ask(text)
    assert [frame["code"] for frame in conversation.sender.frames] == [code]


async def test_earlier_turns_are_told_and_failed_ones_left_out(conversation: Chat) -> None:
    conversation.model = FakeLanguageModel([REPLY, ModelUnavailable("away", retry_after=1), REPLY])
    await conversation.ask("What do enzymes do?", "m1")
    await conversation.ask("And ribosomes?", "m2")
    await conversation.ask("Are they used up?", "m3")
    assert conversation.model.requests[-1].history == (
        Turn("user", "What do enzymes do?"),
        Turn("model", "They lower the activation energy."),
    )


async def test_a_document_deleted_meanwhile_leaves_nothing(conversation: Chat) -> None:
    def delete_it(_: ModelRequest) -> str:
        with conversation.database.transaction() as session:
            session.execute(delete(Document))
        return REPLY

    conversation.model = FakeLanguageModel(answer=delete_it)
    await conversation.ask()
    assert conversation.sender.of_type("chat.done") == []
    with conversation.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(ChatMessage)) == 0
