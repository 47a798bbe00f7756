"""Answers to questions over the socket, on real PostgreSQL with a model of the tests' own."""

import asyncio
import json
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import update

from shared.ai import (
    DataPart,
    ModelUnavailable,
    Turn,
)
from shared.database.tables.documents import DocumentPage
from shared.identifiers import new_id
from tests.fakes.language_model import FakeLanguageModel
from tests.integration.chat.chat_harness import CITATION, REPLY, Chat, PacedModel


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


async def test_many_questions_are_answered_at_the_same_time(conversation: Chat) -> None:
    conversation.model = PacedModel(REPLY, seconds=0.05)
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(conversation.ask(message_id=f"m{number}") for number in range(5)))
    seconds = asyncio.get_running_loop().time() - started
    assert len(conversation.sender.of_type("chat.done")) == 5
    assert seconds < 5 * 0.05 * len(REPLY.split(" ")) * 0.8


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
