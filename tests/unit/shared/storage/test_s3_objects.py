"""The deletion of objects against moto's S3."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber
from moto import mock_aws

from shared.storage.objects import S3Objects
from shared.storage.ports import MOST_OBJECTS, StorageAway


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="documents")
        yield client


def keys(s3: Any) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="documents")
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def test_named_objects_go_and_others_stay(s3: Any) -> None:
    for key in ("mine/1", "mine/ä b", "yours/1"):
        s3.put_object(Bucket="documents", Key=key, Body=b"x")
    assert S3Objects("documents").delete(["mine/1", "mine/ä b", "mine/never uploaded"]) == {}
    assert keys(s3) == ["yours/1"]


def test_one_call_takes_as_many_as_the_port_says(s3: Any) -> None:
    names = [f"mine/{number}" for number in range(MOST_OBJECTS)]
    for name in (names[0], names[-1]):
        s3.put_object(Bucket="documents", Key=name, Body=b"x")
    assert S3Objects("documents").delete(names) == {}
    assert keys(s3) == []


def test_objects_that_are_refused_are_told_with_the_reason(s3: Any) -> None:
    objects = S3Objects("documents")
    with Stubber(objects._client) as stubbed:
        stubbed.add_response(
            "delete_objects", {"Errors": [{"Key": "mine/2", "Code": "AccessDenied"}]}
        )
        assert objects.delete(["mine/1", "mine/2"]) == {"mine/2": "AccessDenied"}


def test_a_call_that_is_refused_as_a_whole_names_the_code(s3: Any) -> None:
    with pytest.raises(StorageAway, match="NoSuchBucket"):
        S3Objects("no-such-bucket").delete(["mine/1"])


def test_a_storage_that_does_not_answer_is_away(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def time_out(**_: Any) -> None:
        raise ConnectTimeoutError(endpoint_url="https://s3.test")

    objects = S3Objects("documents")
    monkeypatch.setattr(objects._client, "delete_objects", time_out)
    with pytest.raises(StorageAway, match="ConnectTimeoutError"):
        objects.delete(["mine/1"])
