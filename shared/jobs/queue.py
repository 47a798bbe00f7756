"""SQS as the workers see it: a batch of chunk messages in, the failed ones' ids out."""

import json
import uuid
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    EventType,
    async_process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from shared.jobs.clients import get_queue_client
from shared.jobs.direct import direct_token
from shared.jobs.worker import ChunkMessage, ChunkWorker, Work
from shared.observability import get_logger

__all__ = ["SqsChunkQueue", "SqsStarter", "get_queue_client", "read_message", "work_through"]

# What is left of a function's time for giving its messages back.
_SPARE_SECONDS = 5.0


class SqsChunkQueue:
    """The queue at one address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Set when the message may be delivered again."""
        get_queue_client().change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )


class SqsStarter:
    """Drives jobs that need no state machine: their chunks' messages are all there is to send.

    The task token of such a message names its job.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def start(self, job_id: uuid.UUID, payload: dict[str, Any]) -> None:
        """Send a message a chunk. Sending them again does no harm: chunks are claimed once."""
        for chunk in payload["chunks"]:
            body = {
                "job_id": str(job_id),
                "ordinal": chunk["ordinal"],
                "task_token": direct_token(job_id),
            }
            get_queue_client().send_message(
                QueueUrl=self._url, MessageBody=json.dumps(body), MessageGroupId=payload["user_id"]
            )

    def stop(self, job_id: uuid.UUID) -> None:
        """Nothing runs but workers, and they see that the job has ended."""


def read_message(record: SQSRecord) -> ChunkMessage:
    """The chunk that an SQS record is about. Raises ValueError or KeyError if it names none."""
    body = json.loads(record.body)
    return ChunkMessage(
        job_id=uuid.UUID(body["job_id"]),
        ordinal=int(body["ordinal"]),
        task_token=str(body["task_token"]),
        receipt_handle=record.receipt_handle,
    )


def work_through(event: dict[str, Any], context: Any, worker: ChunkWorker, work: Work) -> Any:
    """Work on all messages of `event` at once; the answer names those that must come again."""
    processor = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    seconds = time_for_work(context)

    async def handle(record: SQSRecord) -> None:
        await worker.handle(read_message(record), work, seconds)

    get_logger().info("batch", extra={"messages": len(event["Records"])})
    return async_process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )


def time_for_work(context: Any) -> float | None:
    """The seconds that an invocation has before it should give its messages back."""
    if context is None:
        return None
    return max(float(context.get_remaining_time_in_millis()) / 1000 - _SPARE_SECONDS, 1.0)
