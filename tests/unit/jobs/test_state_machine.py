"""What Step Functions answers, and what that means here."""

import json
import uuid
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shared.jobs import state_machine
from shared.jobs.executions import Executions, execution_input
from shared.jobs.model import JobKind
from shared.jobs.state_machine import StepFunctionsStateMachine, StepFunctionsTaskTokens
from tests.fakes.state_machine import FakeStateMachine

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:generation"
JOB = uuid.UUID("01975b2e-6c1a-7c3e-9d0b-3f6a1e2d4c5b")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("stepfunctions", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(state_machine, "get_state_machine_client", lambda: client)
    with Stubber(client) as stubber:
        yield stubber


def test_an_execution_is_named_by_its_job(api: Stubber) -> None:
    wanted = {
        "stateMachineArn": ARN,
        "name": str(JOB),
        "input": json.dumps({"job_id": str(JOB), "user_id": "u"}),
    }
    answer = {"executionArn": ARN, "startDate": "2026-01-01T00:00:00Z"}
    api.add_response("start_execution", answer, wanted)
    StepFunctionsStateMachine(ARN).start(JOB, {"user_id": "u"})
    api.assert_no_pending_responses()


def test_an_execution_that_was_started_before_is_no_error(api: Stubber) -> None:
    api.add_client_error("start_execution", "ExecutionAlreadyExists")
    StepFunctionsStateMachine(ARN).start(JOB, {})
    api.add_client_error("start_execution", "StateMachineDoesNotExist")
    with pytest.raises(ClientError):
        StepFunctionsStateMachine(ARN).start(JOB, {})


def test_stopping_what_never_ran_is_no_error(api: Stubber) -> None:
    execution = ARN.replace(":stateMachine:", ":execution:") + f":{JOB}"
    api.add_client_error(
        "stop_execution",
        "ExecutionDoesNotExist",
        expected_params={"executionArn": execution, "error": "JobCancelled"},
    )
    StepFunctionsStateMachine(ARN).stop(JOB)


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_an_answer_that_comes_too_late_is_no_error(api: Stubber, code: str) -> None:
    tokens = StepFunctionsTaskTokens()
    for call in ("send_task_success", "send_task_failure", "send_task_heartbeat"):
        api.add_client_error(call, code)
    tokens.succeed("t", {})
    tokens.fail("t", "ChunkFailed", "x" * 40_000)
    tokens.heartbeat("t")
    api.assert_no_pending_responses()


def test_an_answer_that_is_lost_is_an_error(api: Stubber) -> None:
    api.add_client_error("send_task_success", "AccessDeniedException")
    with pytest.raises(ClientError):
        StepFunctionsTaskTokens().succeed("t", {})


def test_an_execution_is_told_whose_it_is_and_the_chunks_that_exist() -> None:
    assert execution_input(JOB) == {"user_id": str(JOB)}
    assert execution_input(JOB, [1, 2]) == {
        "user_id": str(JOB),
        "chunks": [{"ordinal": 1}, {"ordinal": 2}],
    }


def test_each_kind_of_job_has_its_own_state_machine() -> None:
    machines = {kind: FakeStateMachine() for kind in JobKind}
    executions = Executions(machines)
    for kind in JobKind:
        job_id = uuid.uuid4()
        job = type("Row", (), {"id": job_id, "kind": kind.value, "user_id": JOB})()
        executions.start(job)
        executions.stop(job)
        assert list(machines[kind].started) == machines[kind].stopped == [job_id]
