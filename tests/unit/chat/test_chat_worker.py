"""The Lambda function that answers questions, as SQS calls it."""

import asyncio
import uuid
from typing import Any, cast

from functions.chat.pipeline import Answering, ComeAgain
from functions.chat.worker import answer_all
from shared.realtime.chat_signals import ChatRequest
from tests.fakes.queue import FakeChunkQueue


class FakeAnswering:
    """Waits until `together` questions were asked; those in `later` must come again."""

    def __init__(self, together: int = 1, later: str = "") -> None:
        self.asked: list[tuple[str, int]] = []
        self._barrier = asyncio.Barrier(together)
        self._later = later

    async def answer(self, question: ChatRequest, attempt: int) -> None:
        self.asked.append((question.message_id, attempt))
        await self._barrier.wait()
        if question.message_id == self._later:
            raise ComeAgain(4)


def record(message_id: str, body: str | None = None, receive_count: int = 1) -> dict[str, Any]:
    request = ChatRequest("c1", uuid.uuid4(), uuid.uuid4(), message_id, "What?", 1)
    return {
        "messageId": f"sqs-{message_id}",
        "receiptHandle": f"receipt-{message_id}",
        "body": request.body() if body is None else body,
        "attributes": {"ApproximateReceiveCount": str(receive_count)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:chat",
        "awsRegion": "us-east-1",
    }


def run(answering: FakeAnswering, queue: FakeChunkQueue, *records: dict[str, Any]) -> list[str]:
    answer = answer_all({"Records": list(records)}, None, cast(Answering, answering), queue)
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def test_the_messages_of_a_batch_are_answered_at_the_same_time() -> None:
    answering = FakeAnswering(together=3)
    assert run(answering, FakeChunkQueue(), record("a"), record("b"), record("c", None, 2)) == []
    assert sorted(answering.asked) == [("a", 1), ("b", 1), ("c", 2)]


def test_only_what_must_come_again_is_told_back() -> None:
    queue = FakeChunkQueue()
    assert run(FakeAnswering(later="b"), queue, record("a"), record("b")) == ["sqs-b"]
    assert queue.hidden[-1] == ("receipt-b", 4)


def test_a_message_stays_hidden_as_long_as_its_answer_may_take() -> None:
    queue = FakeChunkQueue()
    run(FakeAnswering(), queue, record("a"))
    assert queue.hidden == [("receipt-a", 76)]


def test_what_is_no_chat_message_goes_back_to_the_queue() -> None:
    answering = FakeAnswering()
    records = [record("a", body="no json"), record("b", body="{}"), record("c")]
    assert run(answering, FakeChunkQueue(), *records) == ["sqs-a", "sqs-b"]
    assert answering.asked == [("c", 1)]
