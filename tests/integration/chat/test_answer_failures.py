"""What becomes of an answer when something fails while it is made."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, select

from functions.chat.pipeline import ComeAgain
from shared.ai import (
    ModelRequest,
    ModelSaturated,
    ModelUnavailable,
    ReplyBlocked,
    ReplyTruncated,
)
from shared.database.tables.chat import ChatMessage
from shared.database.tables.documents import Document
from tests.fakes.language_model import FakeLanguageModel
from tests.integration.chat.chat_harness import REPLY, Chat, PacedModel


async def test_a_lost_connection_loses_no_answer(conversation: Chat) -> None:
    conversation.model = PacedModel(REPLY, seconds=0.03)
    conversation.sender.gone_after = 1
    await conversation.ask()
    assert len(conversation.sender.frames) == 1
    assert conversation.message().text == "They lower the activation energy."


async def test_a_client_that_missed_a_piece_is_told_the_whole_at_the_end(
    conversation: Chat,
) -> None:
    conversation.model = PacedModel(REPLY, seconds=0.03)
    conversation.sender.failures = 1
    await conversation.ask()
    (done,) = conversation.sender.frames
    assert (done["type"], done["text"]) == ("chat.done", "They lower the activation energy.")


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


async def test_the_last_attempt_that_fails_is_told(conversation: Chat) -> None:
    conversation.model = FakeLanguageModel(answer=RuntimeError("lost"))
    await conversation.ask(attempt=3)
    assert conversation.sender.frames[-1]["code"] == "internal_error"
    assert "lost" not in conversation.sender.frames[-1]["message"]
    assert conversation.message().status == "failed"


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
