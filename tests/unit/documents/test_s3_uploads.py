"""The S3 adapter against moto's S3."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from functions.documents.ports import ObjectTooLarge, StorageUnavailable
from functions.documents.uploads import S3Uploads, get_storage_client

BUCKET = "documents-of-the-tests"


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Uploads]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        get_storage_client.cache_clear()
        get_storage_client().create_bucket(Bucket=BUCKET)
        yield S3Uploads(BUCKET, seconds=900)
    get_storage_client.cache_clear()


def test_an_upload_form_allows_one_key_one_type_and_no_more_bytes(uploads: S3Uploads) -> None:
    form = uploads.presign_upload("uploads/a/b.pdf", 1000)
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    assert {"bucket": BUCKET} in policy["conditions"]
    assert {"key": "uploads/a/b.pdf"} in policy["conditions"]
    assert {"Content-Type": "application/pdf"} in policy["conditions"]
    assert ["content-length-range", 0, 1000] in policy["conditions"]
    assert form.fields["key"] == "uploads/a/b.pdf"
    assert form.fields["Content-Type"] == "application/pdf"
    assert form.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert form.url.endswith(f"/{BUCKET}")


def test_a_download_tells_size_and_hash(uploads: S3Uploads, tmp_path: Path) -> None:
    content = b"x" * 3_000_000
    get_storage_client().put_object(Bucket=BUCKET, Key="k", Body=content)
    found = uploads.download("k", tmp_path / "file", 3_000_000)
    assert (found.size_bytes, found.sha256) == (3_000_000, hashlib.sha256(content).hexdigest())
    assert (tmp_path / "file").read_bytes() == content


def test_an_object_over_the_limit_is_not_downloaded(uploads: S3Uploads, tmp_path: Path) -> None:
    get_storage_client().put_object(Bucket=BUCKET, Key="k", Body=b"12345")
    with pytest.raises(ObjectTooLarge):
        uploads.download("k", tmp_path / "file", 4)
    assert (tmp_path / "file").stat().st_size == 0


def test_a_missing_object_or_bucket_is_an_outage(uploads: S3Uploads, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        uploads.download("missing", tmp_path / "file", 4)
    with pytest.raises(StorageUnavailable):
        S3Uploads("no-such-bucket", 900).check()
    uploads.check()
