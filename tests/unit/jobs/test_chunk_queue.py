"""A batch of chunk messages: worked on at once, and only those that must come again are named."""

import asyncio
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from shared.jobs.model import Claim
from shared.jobs.queue import read_message, work_through
from shared.jobs.worker import ChunkMessage, Redeliver

JOB = uuid.uuid4()


def record(ordinal: int, body: str | None = None) -> dict[str, Any]:
    given = {"job_id": str(JOB), "ordinal": ordinal, "task_token": f"token-{ordinal}"}
    return {
        "messageId": f"message-{ordinal}",
        "receiptHandle": f"receipt-{ordinal}",
        "body": json.dumps(given) if body is None else body,
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q",
        "awsRegion": "us-east-1",
    }


class RecordedWorker:
    """Redelivers what `again` names."""

    def __init__(self, again: set[int]) -> None:
        self.again = again
        self.messages: list[ChunkMessage] = []
        self.seconds: list[float | None] = []

    async def handle(self, message: ChunkMessage, _work: Any, seconds: float | None) -> None:
        self.messages.append(message)
        self.seconds.append(seconds)
        await asyncio.sleep(0.1)
        if message.ordinal in self.again:
            raise Redeliver


async def no_work(_claim: Claim) -> None: ...


def context(milliseconds: int) -> SimpleNamespace:
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)


def run(worker: RecordedWorker, records: list[dict[str, Any]], milliseconds: int = 60_000) -> Any:
    """In a thread of its own, since it replaces the event loop of the thread that it runs in."""
    event = {"Records": records}
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(work_through, event, context(milliseconds), worker, no_work).result()
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_only_messages_that_must_come_again_are_named() -> None:
    worker = RecordedWorker(again={2, 4})
    assert run(worker, [record(n) for n in range(1, 6)]) == ["message-2", "message-4"]


def test_a_batch_of_which_all_must_come_again_is_no_crash() -> None:
    assert run(RecordedWorker(again={1, 2}), [record(1), record(2)]) == ["message-1", "message-2"]


def test_messages_of_a_batch_are_worked_on_at_once() -> None:
    started = time.monotonic()
    run(RecordedWorker(again=set()), [record(n) for n in range(1, 6)])
    assert time.monotonic() - started < 0.4


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"job_id": "x", "ordinal": 1}'])
def test_a_message_that_names_no_chunk_comes_again_and_ends_in_the_dead_letters(body: str) -> None:
    worker = RecordedWorker(again=set())
    assert run(worker, [record(1, body), record(2)]) == ["message-1"]
    assert [message.ordinal for message in worker.messages] == [2]


@pytest.mark.parametrize(("left", "given"), [(60_000, 55.0), (3000, 1.0)])
def test_work_gets_the_functions_time_but_for_a_rest(left: int, given: float) -> None:
    worker = RecordedWorker(again=set())
    run(worker, [record(1)], left)
    assert worker.seconds == [given]


def test_a_message_is_read() -> None:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import (  # noqa: PLC0415
        SQSRecord,
    )

    message = read_message(SQSRecord(record(3)))
    assert message == ChunkMessage(JOB, 3, "token-3", "receipt-3")
