"""SQS as the workers see it: a batch of chunk messages in, the failed ones' ids out."""

import json
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    EventType,
    async_process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from shared.jobs.worker import ChunkMessage, ChunkWorker, Work
from shared.observability import get_logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@lru_cache
def get_queue_client() -> "SQSClient":
    """The SQS client of this process."""
    import boto3  # noqa: PLC0415  (slow to import, and not every function needs it)

    return boto3.client("sqs")


class SqsChunkQueue:
    """The queue at one address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Set when the message may be delivered again."""
        get_queue_client().change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )


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

    async def handle(record: SQSRecord) -> None:
        await worker.handle(read_message(record), work)

    get_logger().info("batch", extra={"messages": len(event["Records"])})
    return async_process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )
