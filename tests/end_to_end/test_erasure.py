"""What is deleted is gone from object storage too, also what is uploaded too late."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx2
import pytest
from botocore.config import Config

from scripts.demo.client import LearningClient
from tests.end_to_end.conftest import FILES

PDF = FILES / "ligatures_hyphens.pdf"


@dataclass
class UploadedFile:
    """A file in object storage, and the form that it came with."""

    s3: Any
    document_id: str
    url: str
    fields: dict[str, str]

    def post(self) -> None:
        content = {"file": (PDF.name, PDF.read_bytes(), "application/pdf")}
        httpx2.post(self.url, data=self.fields, files=content, timeout=60).raise_for_status()

    def is_there(self) -> bool:
        bucket, key = urlsplit(self.url).path.strip("/"), self.fields["key"]
        found = self.s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
        return [item["Key"] for item in found] == [key]

    def goes_within(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while self.is_there() and time.monotonic() < ends:
            time.sleep(0.2)
        return not self.is_there()


@pytest.fixture
def s3(stack: dict[str, str]) -> Any:
    """The stack's object storage, asked past the API for what really lies there."""
    return boto3.client(
        "s3",
        endpoint_url=stack["aws_endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture
def uploaded(learner: LearningClient, s3: Any) -> UploadedFile:
    body = {"filename": PDF.name, "size_bytes": PDF.stat().st_size}
    created = learner.call("POST", "/api/documents", body)
    file = UploadedFile(s3, created["document"]["id"], **created["upload"])
    file.post()
    learner.wait_for_document(file.document_id)
    assert file.is_there()
    return file


def erase_document(learner: LearningClient, document_id: str) -> None:
    learner.call("DELETE", f"/api/documents/{document_id}")


def erase_account(learner: LearningClient, _document_id: str) -> None:
    learner.call("DELETE", "/api/auth/me")


@pytest.mark.parametrize("erase", [erase_document, erase_account])
def test_a_file_goes_with_what_it_was_of_and_does_not_come_back(
    learner: LearningClient, uploaded: UploadedFile, erase: Callable[[LearningClient, str], None]
) -> None:
    erase(learner, uploaded.document_id)
    assert not uploaded.is_there()
    uploaded.post()
    assert uploaded.goes_within(60)
