"""The Lambda function that answers questions: a batch of SQS messages, all at once."""

import asyncio
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    EventType,
    async_process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.chat.answer_store import LEASE
from functions.chat.pipeline import Answering, ComeAgain
from functions.chat.ports import MessageQueue
from functions.chat.wiring import get_answering, get_queue
from shared.observability import get_logger
from shared.realtime.chat_signals import ChatRequest


def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer each message; the reply names those that must come again."""
    return answer_all(event, context, get_answering(), get_queue())


def answer_all(
    event: dict[str, Any], context: Any, answering: Answering, queue: MessageQueue
) -> Any:
    """Answer all messages of `event` at once; the reply names those that must come again."""

    async def handle(record: SQSRecord) -> None:
        attempt = int(record.attributes.approximate_receive_count or 1)
        # A worker that dies gives its question to the next when its lease ends.
        await hide(record, int(LEASE.total_seconds()) + 1)
        try:
            await answering.answer(ChatRequest.read(record.body), attempt)
        except ComeAgain as later:
            await hide(record, later.seconds)
            raise

    async def hide(record: SQSRecord, seconds: int) -> None:
        await asyncio.to_thread(queue.hide, record.receipt_handle, seconds)

    get_logger().info("batch", extra={"messages": len(event["Records"])})
    processor = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return async_process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )
