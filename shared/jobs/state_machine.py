"""Step Functions: starts and stops a job's execution and answers the tokens of its tasks."""

import json
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.jobs.clients import get_state_machine_client
from shared.observability import get_logger

# The token was answered, timed out or belongs to an execution that has ended: all are fine, since
# what counts is in the database by then.
_TOKEN_IS_PAST = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


class StateMachine(Protocol):
    """What drives a job from outside."""

    def start(self, job_id: uuid.UUID, payload: dict[str, Any]) -> None: ...

    def stop(self, job_id: uuid.UUID) -> None: ...


class TaskTokens(Protocol):
    """Answers to the states that wait for a worker."""

    def succeed(self, token: str, output: dict[str, Any]) -> None: ...

    def fail(self, token: str, error: str, cause: str) -> None: ...

    def heartbeat(self, token: str) -> None: ...


class StepFunctionsStateMachine:
    """One state machine. An execution is named by its job, so starting it twice starts it once."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def start(self, job_id: uuid.UUID, payload: dict[str, Any]) -> None:
        """Start the job's execution, unless it was started before."""
        body = json.dumps({"job_id": str(job_id), **payload})
        try:
            get_state_machine_client().start_execution(
                stateMachineArn=self._arn, name=str(job_id), input=body
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def stop(self, job_id: uuid.UUID) -> None:
        """Stop the job's execution, if it runs. Messages that are queued stay queued."""
        execution = self._arn.replace(":stateMachine:", ":execution:") + f":{job_id}"
        try:
            get_state_machine_client().stop_execution(executionArn=execution, error="JobCancelled")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise


class StepFunctionsTaskTokens:
    """Answers task tokens. An answer that comes too late, or twice, is no error."""

    def succeed(self, token: str, output: dict[str, Any]) -> None:
        """The task is done."""
        self._tell(
            lambda: get_state_machine_client().send_task_success(
                taskToken=token, output=json.dumps(output)
            )
        )

    def fail(self, token: str, error: str, cause: str) -> None:
        """The task failed; `error` is a class name of shared.errors."""
        self._tell(
            lambda: get_state_machine_client().send_task_failure(
                taskToken=token, error=error, cause=cause[:32000]
            )
        )

    def heartbeat(self, token: str) -> None:
        """The task is being worked on."""
        self._tell(lambda: get_state_machine_client().send_task_heartbeat(taskToken=token))

    def _tell(self, call: Callable[[], object]) -> None:
        try:
            call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _TOKEN_IS_PAST:
                raise
            get_logger().info("task token is past", extra={"reason": code})
