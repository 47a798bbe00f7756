"""Deliveries over real Valkey, with a log of events in memory and sockets that are fake."""

import uuid

import pytest
from redis import Redis

from shared.realtime.delivery import Delivery
from shared.realtime.subscriptions import Subscriptions
from tests.fakes.connections import FakeConnections
from tests.fakes.event_log import FakeEventLog
from tests.fakes.web import EverySessionLives

LOCK_SECONDS = 0.5


@pytest.fixture
def log() -> FakeEventLog:
    return FakeEventLog()


@pytest.fixture
def connections() -> FakeConnections:
    return FakeConnections()


@pytest.fixture
def subscriptions(redis: Redis) -> Subscriptions:
    return Subscriptions(redis, lock_seconds=LOCK_SECONDS)


@pytest.fixture
def delivery(
    subscriptions: Subscriptions, connections: FakeConnections, log: FakeEventLog
) -> Delivery:
    return Delivery(subscriptions, connections, log.read, EverySessionLives())


@pytest.fixture
def job_id() -> uuid.UUID:
    return uuid.uuid4()
