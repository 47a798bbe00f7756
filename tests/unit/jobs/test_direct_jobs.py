"""Jobs of one chunk need no state machine: how they are started, and whose tokens are whose."""

import json
import uuid
from typing import Any

import pytest

from shared.jobs import queue
from shared.jobs.direct import OneChunkDirectly, TokensByOrigin, direct_token, job_of
from shared.jobs.executions import execution_input
from shared.jobs.queue import SqsStarter
from tests.fakes.state_machine import FakeStateMachine, FakeTaskTokens

JOB, USER = uuid.uuid4(), uuid.uuid4()


class SentMessages:
    """An SQS client that keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **message: Any) -> None:
        self.sent.append(message)


def test_one_chunk_is_started_by_a_message_and_several_by_the_state_machine() -> None:
    messages, machine = FakeStateMachine(), FakeStateMachine()
    driver, other = OneChunkDirectly(messages, machine), uuid.uuid4()
    driver.start(JOB, execution_input(USER, [1]))
    driver.start(other, execution_input(USER, [1, 2]))
    assert list(messages.started) == [JOB]
    assert list(machine.started) == [other]


def test_stopping_a_job_stops_its_execution_if_it_has_one() -> None:
    messages, machine = FakeStateMachine(), FakeStateMachine()
    OneChunkDirectly(messages, machine).stop(JOB)
    assert (messages.stopped, machine.stopped) == ([], [JOB])


def test_a_direct_message_waits_in_its_users_group_under_a_token_that_names_the_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = SentMessages()
    monkeypatch.setattr(queue, "get_queue_client", lambda: client)
    SqsStarter("https://queue").start(JOB, execution_input(USER, [1]))
    [message] = client.sent
    body = json.loads(message["MessageBody"])
    assert (message["QueueUrl"], message["MessageGroupId"]) == ("https://queue", str(USER))
    assert (body["job_id"], body["ordinal"]) == (str(JOB), 1)
    assert job_of(body["task_token"]) == JOB


def test_each_token_is_answered_where_it_comes_from() -> None:
    direct, machine = FakeTaskTokens(), FakeTaskTokens()
    tokens, own = TokensByOrigin(direct, machine), direct_token(JOB)
    for token in (own, str(JOB)):
        tokens.succeed(token, {"ordinal": 1})
        tokens.fail(token, "ChunkFailed", "why")
        tokens.heartbeat(token)
    for kept, token in ((direct, own), (machine, str(JOB))):
        assert kept.answers == [
            ("succeed", token, {"ordinal": 1}),
            ("fail", token, "ChunkFailed", "why"),
        ]
        assert kept.heartbeats == [token]
