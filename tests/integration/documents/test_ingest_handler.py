"""The function that reads uploads: real reader and PostgreSQL, S3 and SQS by moto."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from moto import mock_aws

from functions.documents import ingest, wiring
from functions.documents.uploads import get_storage_client
from shared.config import get_settings
from shared.database.engine import Database, get_database, get_engine
from shared.database.tables.documents import Document
from shared.jobs.queue import get_queue_client

AddDocument = Callable[..., Document]
BUCKET = "documents"
QUEUE = "uploads"
PDF = Path(__file__).parents[2] / "files" / "pdfs" / "ligatures_hyphens.pdf"
CACHED = (
    get_settings,
    get_engine,
    get_database,
    get_storage_client,
    wiring.get_storage,
    wiring.get_ingestion,
    get_queue_client,
)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for cached in CACHED:
        cached.cache_clear()
    with mock_aws():
        get_storage_client().create_bucket(Bucket=BUCKET)
        get_queue_client().create_queue(QueueName=QUEUE)
        yield
    get_engine().dispose()
    for cached in CACHED:
        cached.cache_clear()


def record(body: str, message_id: str, receipt: str = "receipt") -> dict[str, Any]:
    return {
        "messageId": message_id,
        "receiptHandle": receipt,
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{QUEUE}",
        "awsRegion": "us-east-1",
    }


def created(key: str) -> str:
    return json.dumps(
        {
            "Records": [
                {"eventName": "ObjectCreated:Post", "s3": {"object": {"key": quote_plus(key)}}}
            ]
        }
    )


def failed(answer: dict[str, Any]) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def test_a_real_pdf_is_read_and_the_test_event_is_ignored(
    database: Database, add_document: AddDocument
) -> None:
    document = add_document()
    get_storage_client().put_object(Bucket=BUCKET, Key=document.object_key, Body=PDF.read_bytes())
    test_event = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})
    event = {"Records": [record(test_event, "1"), record(created(document.object_key), "2")]}
    assert failed(ingest.handler(event, None)) == []
    with database.transaction() as session:
        read = session.get_one(Document, document.id)
    assert read.status == "ready"
    assert read.page_count


def test_only_what_must_come_again_is_told_back_and_comes_soon(
    database: Database, add_document: AddDocument
) -> None:
    missing = add_document()
    queue = get_queue_client()
    url = queue.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    queue.send_message(QueueUrl=url, MessageBody=created(missing.object_key))
    receipt = queue.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    event = {
        "Records": [
            record("no notification", "1"),
            record(created(missing.object_key), "2", receipt),
            record(created("uploads/other.txt"), "3"),
        ]
    }
    assert failed(ingest.handler(event, None)) == ["1", "2"]
    with database.transaction() as session:
        assert session.get_one(Document, missing.id).status == "processing"
