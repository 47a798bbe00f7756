"""The emulator takes any definition: what AWS would refuse, or never reach, is found here."""

import re
from typing import Any

import pytest

from shared import errors
from shared.config import Settings
from shared.jobs.worker import LONGEST_DELAY_SECONDS
from tests.infrastructure.reading import (
    STATE_MACHINE,
    Template,
    machines_of,
    read_state_machine,
    read_template,
    written,
)

MACHINES = sorted(read_template().of_type(STATE_MACHINE))
CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
INVOKE = "arn:aws:states:::lambda:invoke"
# More than this, and an inline map would wait for some of its items on AWS.
MOST_AT_ONCE = 40


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def definition(template: Template, machine: str) -> dict[str, Any]:
    return read_state_machine(template.resources[machine])


def test_every_state_leads_to_a_state_that_exists(definition: dict[str, Any]) -> None:
    for part in machines_of(definition):
        assert part["StartAt"] in part["States"]
        for name, state in part["States"].items():
            assert _successors(state) <= part["States"].keys(), name


def test_every_state_can_be_reached(definition: dict[str, Any]) -> None:
    for part in machines_of(definition):
        reached: set[str] = set()
        waiting = {part["StartAt"]}
        while waiting:
            name = waiting.pop()
            reached.add(name)
            waiting |= _successors(part["States"][name]) - reached
        assert reached == part["States"].keys()


def test_every_state_goes_on_or_ends(definition: dict[str, Any]) -> None:
    for part in machines_of(definition):
        for name, state in part["States"].items():
            ends = state.get("End") is True or state["Type"] in ("Succeed", "Fail")
            assert ends != bool(_successors(state) - _caught(state)), name


def test_every_error_that_is_named_exists(definition: dict[str, Any]) -> None:
    known = {name for name, value in vars(errors).items() if isinstance(value, type)}
    for _, state in _states(definition):
        for rule in [*state.get("Retry", []), *state.get("Catch", [])]:
            for name in rule["ErrorEquals"]:
                assert name.startswith(("States.", "Lambda.", "SQS.")) or name in known


def test_a_rule_for_all_errors_stands_alone_and_last(definition: dict[str, Any]) -> None:
    for name, state in _states(definition):
        for rules in (state.get("Retry", []), state.get("Catch", [])):
            for position, rule in enumerate(rules):
                if "States.ALL" in rule["ErrorEquals"]:
                    assert rule["ErrorEquals"] == ["States.ALL"], name
                    assert position == len(rules) - 1, name


def test_every_substitution_is_given_and_used(
    template: Template, machine: str, definition: dict[str, Any]
) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", str(definition)))
    assert used == template.resources[machine]["Properties"]["DefinitionSubstitutions"].keys()


def test_every_task_has_a_time_limit_and_retries_with_jitter(definition: dict[str, Any]) -> None:
    for name, state in _tasks(definition):
        assert state["TimeoutSeconds"] > 0, name
        repeating = [rule for rule in state["Retry"] if rule.get("MaxAttempts", 3) > 0]
        assert repeating, name
        for rule in repeating:
            assert rule["JitterStrategy"] == "FULL", name
            assert rule["MaxDelaySeconds"] <= 60, name


def test_a_task_that_waits_for_a_worker_has_a_heartbeat(definition: dict[str, Any]) -> None:
    for name, state in _tasks(definition):
        if state["Resource"] == CALLBACK:
            assert 30 < state["HeartbeatSeconds"] < state["TimeoutSeconds"], name
            assert "$states.context.Task.Token" in str(state["Arguments"]), name


def test_what_a_worker_gives_up_is_not_tried_again(definition: dict[str, Any]) -> None:
    for name, state in _tasks(definition):
        if state["Resource"] == CALLBACK:
            assert state["Retry"][0] == {
                "ErrorEquals": ["ChunkFailed", "JobCancelled"],
                "MaxAttempts": 0,
            }, name


def test_one_lost_chunk_does_not_end_the_map(definition: dict[str, Any]) -> None:
    for part in list(machines_of(definition))[1:]:
        for name, state in part["States"].items():
            if state["Type"] == "Task":
                assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_every_failure_ends_the_job_with_a_reason(definition: dict[str, Any]) -> None:
    for name, state in definition["States"].items():
        if state["Type"] in ("Task", "Map") and name != "Fail":
            (catch,) = state["Catch"]
            assert catch["ErrorEquals"] == ["States.ALL"], name
            assert catch["Next"] == "Fail", name
            assert "$states.errorOutput" in str(catch["Output"]), name
    assert "error" in definition["States"]["Fail"]["Arguments"]["Payload"]
    assert definition["States"]["Failed"]["Type"] == "Fail"


def test_an_execution_ends_by_itself_after_every_deadline(definition: dict[str, Any]) -> None:
    settings = Settings()
    longest = {
        "GradeBatches": settings.evaluation_longest_deadline_seconds,
        "Plan": settings.generation_deadline_seconds,
    }[definition["StartAt"]]
    assert longest < definition["TimeoutSeconds"] <= 3 * 3600


def test_a_chunk_may_wait_for_quota_until_the_deadline(definition: dict[str, Any]) -> None:
    """Only a lost message ends the state's wait, never one that a worker gave back for later."""
    settings = Settings()
    longest = {
        "GradeBatches": settings.evaluation_longest_deadline_seconds,
        "Plan": settings.generation_deadline_seconds,
    }[definition["StartAt"]]
    for name, state in _tasks(definition):
        if state["Resource"] == CALLBACK:
            assert state["HeartbeatSeconds"] >= LONGEST_DELAY_SECONDS + 60, name
            assert state["TimeoutSeconds"] >= longest, name


def test_maps_run_inline_and_within_their_limit(definition: dict[str, Any]) -> None:
    for name, state in _states(definition):
        if state["Type"] == "Map":
            assert state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "INLINE", name
            assert 1 < state["MaxConcurrency"] <= MOST_AT_ONCE, name


def test_the_state_carries_ids_only(definition: dict[str, Any]) -> None:
    """Results of a map would grow with the job, past the 256 KB a state may hold."""
    for name, state in _states(definition):
        if state["Type"] == "Map":
            assert state["Output"] == {}, name
        if state.get("Resource") == CALLBACK:
            body = state["Arguments"]["MessageBody"]
            assert body.keys() == {"job_id", "ordinal", "task_token"}, name


def test_messages_name_whose_turn_they_take(definition: dict[str, Any]) -> None:
    for name, state in _tasks(definition):
        if state["Resource"] == CALLBACK:
            assert "MessageGroupId" in state["Arguments"], name


def test_a_machine_may_call_what_it_calls_and_nothing_else(
    template: Template, machine: str, definition: dict[str, Any]
) -> None:
    given = template.resources[machine]["Properties"]["DefinitionSubstitutions"]
    wanted = set()
    for _, state in _tasks(definition):
        if state["Resource"] == INVOKE:
            name = state["Arguments"]["FunctionName"].strip("${}")
            wanted.add(("lambda:InvokeFunction", written(given[name])))
        else:
            name = state["Arguments"]["QueueUrl"].strip("${}")
            wanted.add(("sqs:SendMessage", f"{written(given[name])}.Arn"))
    allowed = {
        (action, resource)
        for statement in template.statements(machine)
        for action in statement.actions
        for resource in statement.resources
        if not action.startswith("logs:")
    }
    assert allowed == wanted


def _states(definition: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [item for part in machines_of(definition) for item in part["States"].items()]


def _tasks(definition: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, state) for name, state in _states(definition) if state["Type"] == "Task"]


def _successors(state: dict[str, Any]) -> set[str]:
    named = {state.get("Next"), state.get("Default")}
    named |= {choice["Next"] for choice in state.get("Choices", [])}
    return {name for name in named if name} | _caught(state)


def _caught(state: dict[str, Any]) -> set[str]:
    return {catch["Next"] for catch in state.get("Catch", [])}
