"""S3's notifications as SQS messages hold them."""

import json
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.documents.notifications import uploaded_keys


def notification(*keys: str, name: str = "ObjectCreated:Post") -> str:
    records = [
        {
            "eventSource": "aws:s3",
            "eventName": name,
            "s3": {"bucket": {"name": "uploads"}, "object": {"key": quote_plus(key), "size": 1}},
        }
        for key in keys
    ]
    return json.dumps({"Records": records})


@given(st.lists(st.text(min_size=1, max_size=50), max_size=4))
def test_keys_come_out_as_they_were_before_the_url_encoding(keys: list[str]) -> None:
    assert uploaded_keys(notification(*keys)) == keys


def test_the_test_event_of_a_new_subscription_names_no_upload() -> None:
    body = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"})
    assert uploaded_keys(body) == []


def test_a_removal_is_no_upload() -> None:
    assert uploaded_keys(notification("uploads/a.pdf", name="ObjectRemoved:Delete")) == []


@pytest.mark.parametrize("body", ["", "no json", "[]", "7", '{"Records": [{}]}', '{"other": 1}'])
def test_what_is_no_notification_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        uploaded_keys(body)
