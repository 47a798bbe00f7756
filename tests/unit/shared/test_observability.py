"""Secrets are taken out of what is logged, however they got into it."""

import json
import logging

import pytest

from shared.observability import get_logger, redact

SECRETS = [
    "key AIzaSyA-1234567890abcdefg failed",
    "key AQ.Ab8RN6-1234567890abcdefg failed",
    "got eyJhbGciOiJI.eyJzdWIiOiIx.s1gnature",
    "x-goog-api-key: s3cr3tvalue",
    "{'Authorization': 'Bearer s3cr3tvalue'}",
    '{"authorization": "Basic s3cr3tvalue"}',
    "GET /v1beta/models?key=s3cr3tvalue&alt=sse",
    "wss://example.org/live?ticket=s3cr3tvalue",
    '{"refresh_token": "s3cr3tvalue"}',
    '{"email": "a@b.test", "password": "a long s3cr3tvalue"}',
    "postgresql+psycopg://app:s3cr3tvalue@db:5432/app",
    "redis://:s3cr3tvalue@cache:6379/0",
    "rediss://default:s3cr3tvalue@cache:6379",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_hidden(text: str) -> None:
    for hidden in (redact(text), redact(json.dumps({"message": text}))):
        assert "s3cr3t" not in hidden
        assert "1234567890" not in hidden
        assert "s1gnature" not in hidden


@pytest.mark.parametrize("text", SECRETS)
def test_a_line_with_a_secret_taken_out_is_still_json(text: str) -> None:
    line = json.dumps({"message": text, "next": 1})
    assert json.loads(redact(line))["next"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "the job 01975b2e-6c1a-7c3e-9d0b-3f6a1e2d4c5b is done",
        "postgresql://db:5432/app is away",
        "tickets were issued: 5",
        "a monkey: that is an animal",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_the_logger_hides_what_an_error_says() -> None:
    error = ValueError('refused: {"ticket": "s3cr3tvalue"}')
    trouble = (ValueError, error, None)
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed", None, trouble)
    formatter = get_logger().registered_handler.formatter
    assert formatter is not None
    assert "s3cr3t" not in formatter.format(record)
