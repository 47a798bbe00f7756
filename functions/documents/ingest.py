"""The Lambda function that reads uploads: S3's notifications in SQS messages come in."""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.documents.notifications import uploaded_keys
from functions.documents.pipeline import ComeAgain, UploadDelivery
from functions.documents.wiring import get_ingestion
from shared.jobs.queue import SqsChunkQueue, get_queue_client
from shared.observability import get_logger


def handler(event: dict[str, Any], context: Any) -> Any:
    """Read each upload; the answer names the messages that must come again."""
    get_logger().info("batch", extra={"messages": len(event["Records"])})
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(
        event=event, record_handler=_handle, processor=processor, context=context
    )


def _handle(record: SQSRecord) -> None:
    receive_count = int(record.attributes.approximate_receive_count or 1)
    try:
        for key in uploaded_keys(record.body):
            get_ingestion().ingest(UploadDelivery(key, receive_count))
    except ComeAgain as later:
        queue = SqsChunkQueue(_queue_url(record.event_source_arn))
        queue.hide(record.receipt_handle, later.seconds)
        raise


def _queue_url(arn: str) -> str:
    """The address of the queue: its ARN's account and name at the endpoint of SQS."""
    account, name = arn.split(":")[4:6]
    return f"{get_queue_client().meta.endpoint_url.rstrip('/')}/{account}/{name}"
