"""Deleting the files of an erased user."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.auth.objects import S3Objects


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
    S3Objects("documents").delete(["mine/1", "mine/ä b", "mine/never uploaded"])
    assert keys(s3) == ["yours/1"]


def test_more_objects_than_one_call_takes_all_go(s3: Any) -> None:
    names = [f"mine/{number}" for number in range(1001)]
    for name in (names[0], names[-1]):
        s3.put_object(Bucket="documents", Key=name, Body=b"x")
    S3Objects("documents").delete(names)
    assert keys(s3) == []


def test_nothing_to_delete_makes_no_call() -> None:
    S3Objects("no such bucket").delete([])
