"""What every test shares."""

import asyncio
import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("ENVIRONMENT", "test")
os.environ.setdefault("POWERTOOLS_TRACE_DISABLED", "true")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "LearningApp")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "test")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ.setdefault("JWT_SECRET", "a signing secret that only the tests know")
os.environ.setdefault("ENCRYPTION_KEY", "an encryption passphrase that only the tests know")


@pytest.fixture
def event_loop_of_lambda() -> Iterator[None]:
    """The loop that Lambda's adapter works on, closed after the test."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
