"""A message that comes again, from a client or from the queue, is answered once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from functions.chat.pipeline import ComeAgain
from shared.ai import (
    ModelRequest,
    ModelUnavailable,
)
from shared.database.tables.chat import ChatMessage
from tests.fakes.language_model import FakeLanguageModel
from tests.integration.chat.chat_harness import REPLY, Chat, InterruptedModel, PacedModel


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


async def test_a_message_sent_again_meanwhile_looks_for_its_answer_soon_then_ever_later(
    conversation: Chat,
) -> None:
    looks: list[int] = []

    async def send_again(_: ModelRequest) -> None:
        for attempt in (1, 2, 3, 9):
            with pytest.raises(ComeAgain) as later:
                await conversation.ask(connection_id="c2", attempt=attempt)
            looks.append(later.value.seconds)

    conversation.model = InterruptedModel(REPLY, send_again)
    await conversation.ask()
    assert looks == [1, 2, 4, 16]


async def test_another_text_under_a_used_message_id_is_refused(conversation: Chat) -> None:
    await conversation.ask("What do enzymes do?")
    await conversation.ask("What do ribosomes do?")
    assert conversation.sender.frames[-1]["code"] == "message_id_reused"


async def test_a_failed_message_that_is_sent_again_is_answered(conversation: Chat) -> None:
    conversation.model = FakeLanguageModel([ModelUnavailable("away", retry_after=3), REPLY])
    await conversation.ask()
    await conversation.ask()
    assert conversation.sender.frames[-1]["type"] == "chat.done"
    assert conversation.sender.of_type("chat.delta")
    assert conversation.message().error_code is None


async def test_an_answer_that_was_begun_before_is_told_whole(conversation: Chat) -> None:
    conversation.model = FakeLanguageModel([RuntimeError("lost"), REPLY])
    with pytest.raises(ComeAgain):
        await conversation.ask()
    await conversation.ask(attempt=2)
    assert [frame["type"] for frame in conversation.sender.frames] == ["chat.done"]


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
