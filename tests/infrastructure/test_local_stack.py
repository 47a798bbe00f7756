"""The local stack touches only what it started, and finds all of it again."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL
from typing import Any
from urllib.parse import urlsplit

import boto3
import psutil
import pytest
import yaml

from scripts.gemini_emulator.settings import GENEROUS
from scripts.local_stack import gemini, ministack, ports, sam, settings
from scripts.local_stack.adaptation import adapt
from scripts.local_stack.layout import SAM_BIN, Layout, read_json, write_json
from scripts.local_stack.migrations import _heads
from scripts.local_stack.processes import Processes
from scripts.local_stack.sources import dependencies_digest, sources_digest
from scripts.local_stack.stack_secrets import encryption_secret, present_encryption
from scripts.local_stack.steps import StepFailed
from shared.ai.keys import keys_from_environment

SLEEP = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
# A parent whose child lives on when the parent is killed, as a busy function does.
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(child.pid, flush=True); time.sleep(60)",
]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "stack")
    made.make_folders()
    return made


@pytest.fixture
def processes(layout: Layout) -> Iterator[Processes]:
    made = Processes(layout)
    yield made
    made.stop({})


def test_a_process_is_known_again_by_another_run(layout: Layout, processes: Processes) -> None:
    started = processes.start("sleeper", SLEEP, {})
    found = Processes(layout).running("sleeper")
    assert found is not None
    assert found.pid == started.pid
    assert processes.stop({}) == ["sleeper"]
    assert processes.running("sleeper") is None


def test_a_pid_that_another_program_got_is_left_alone(layout: Layout, processes: Processes) -> None:
    with subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL) as stranger:
        write_json(layout.processes_file, {"sleeper": {"pid": stranger.pid, "born": 1.0}})
        assert processes.running("sleeper") is None
        assert processes.stop({}) == []
        assert stranger.poll() is None
        stranger.kill()


def test_a_child_that_outlived_its_killed_parent_is_found(
    layout: Layout, processes: Processes
) -> None:
    parent = processes.start("parent", PARENT, {"PATH": os.environ["PATH"]})
    child = psutil.Process(_first_number_in(layout.log("parent")))
    parent.send_signal(SIGKILL)
    layout.processes_file.unlink()
    processes.stop({})
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_orphans_are_ended_and_what_runs_well_is_not(layout: Layout, processes: Processes) -> None:
    parent = processes.start("parent", PARENT, {"PATH": os.environ["PATH"]})
    orphan = psutil.Process(_first_number_in(layout.log("parent")))
    healthy = processes.start("sleeper", SLEEP, {})
    parent.send_signal(SIGKILL)
    parent.wait(10)
    processes.end_orphans()
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    assert healthy.is_running()


def test_the_emulator_is_started_again_when_its_code_has_changed(
    layout: Layout, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_STACK_GEMINI_PORT", str(ports._any_free_port()))
    wanted = settings.read_settings(layout, "test")
    address = gemini.start(layout, processes, wanted)
    first = processes.running(gemini.NAME)

    assert gemini.start(layout, processes, wanted) == address
    assert processes.running(gemini.NAME) == first
    monkeypatch.setattr(gemini, "gemini_emulator_digest", lambda: "another")
    assert gemini.start(layout, processes, wanted) == address

    again = processes.running(gemini.NAME)
    assert again is not None
    assert again != first


def test_a_broken_record_is_no_obstacle(layout: Layout, processes: Processes) -> None:
    layout.processes_file.write_text('{"sleeper": {"pid": ')
    assert processes.running("sleeper") is None
    assert processes.stop({}) == []


def test_a_service_that_ends_at_once_is_told_with_its_log(processes: Processes) -> None:
    started = processes.start("broken", [sys.executable, "-c", "print('no disk'); exit(1)"], {})
    with pytest.raises(StepFailed, match="ended at once") as failure:
        processes.wait_until_ready("broken", started, lambda: False, 10)
    assert "no disk" in failure.value.reason
    assert failure.value.advice


def test_a_port_is_kept_over_runs(layout: Layout) -> None:
    first = ports.choose_port(layout, "valkey")
    assert ports.choose_port(layout, "valkey") == first
    assert ports.known_port(layout, "valkey") == first


def test_a_port_that_was_taken_meanwhile_is_replaced(layout: Layout) -> None:
    first = ports.choose_port(layout, "valkey")
    with socket.create_server(("127.0.0.1", first)):
        assert ports.choose_port(layout, "valkey") != first


def test_a_wished_port_that_is_taken_is_refused(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("LOCAL_STACK_VALKEY_PORT", str(port))
        with pytest.raises(StepFailed, match=str(port)):
            ports.choose_port(layout, "valkey")


def test_queues_are_found_again_although_another_program_took_the_port(
    layout: Layout, processes: Processes
) -> None:
    endpoint = ministack.start(layout, processes, reaches_internet=False)
    _queues(endpoint).create_queue(QueueName="work")
    _queues(endpoint).send_message(QueueUrl=f"{endpoint}/000000000000/work", MessageBody="kept")
    processes.stop({})
    with socket.create_server(("127.0.0.1", urlsplit(endpoint).port)):
        moved = ministack.start(layout, processes, reaches_internet=False)
        queue = _queues(moved).get_queue_url(QueueName="work")["QueueUrl"]
        [message] = _queues(moved).receive_message(QueueUrl=queue)["Messages"]
    assert urlsplit(queue).port == urlsplit(moved).port != urlsplit(endpoint).port
    assert message["Body"] == "kept"


def test_keys_are_read_in_their_order_with_their_projects() -> None:
    given = {
        "GEMINI_API_KEY_10": "ten",
        "GEMINI_API_KEY_2": "two",
        "GEMINI_PROJECT_2": "lab",
        "GEMINI_API_KEY_X": "none",
    }
    assert [key.as_secret() for key in settings.read_gemini_keys(given)] == [
        {"alias": "key_2", "key": "two", "project": "lab"},
        {"alias": "key_10", "key": "ten"},
    ]


def test_keys_that_name_no_project_are_apart_only_where_the_operator_says_so() -> None:
    given = {"GEMINI_API_KEY_1": "one", "GEMINI_API_KEY_2": "two"}
    said = {**given, "GEMINI_KEYS_ARE_SEPARATE_PROJECTS": "true"}
    assert {key.project for key in settings.read_gemini_keys(given)} == {None}
    assert {key.project for key in settings.read_gemini_keys(said)} == {"project-1", "project-2"}


def test_the_test_stack_takes_nothing_from_the_developer(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY_1", "a real key")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/precious")
    assert not settings.read_settings(layout, "local").emulates_gemini
    isolated = settings.read_settings(layout, "test")
    assert isolated.emulates_gemini
    assert isolated.database_url is None


def test_settings_do_not_show_their_secrets(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY_1", "a real key")
    read = settings.read_settings(layout, "local")
    assert "a real key" not in repr(read)
    assert read.encryption_key not in repr(read)


def test_without_a_key_the_pool_is_told_what_the_stand_in_allows(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "given_settings", dict)

    told = json.loads(settings.read_settings(layout, "local").gemini_quotas or "")

    assert told["gemini-2.5-flash"]["rpm"] == GENEROUS.rpm
    assert told["gemini-2.5-flash"]["tpm"] == GENEROUS.tpm
    assert settings.read_settings(layout, "test").gemini_quotas is None


def test_with_keys_of_their_own_developers_say_the_quotas(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"GEMINI_API_KEY_1": "a"}
    monkeypatch.setattr(settings, "given_settings", lambda: given)
    assert settings.read_settings(layout, "local").gemini_quotas is None

    given["GEMINI_QUOTAS"] = '{"gemini-2.5-flash": {"rpm": 1000}}'
    assert settings.read_settings(layout, "local").gemini_quotas == given["GEMINI_QUOTAS"]


def test_a_key_has_the_same_alias_in_the_stack_and_in_the_script_that_tries_it() -> None:
    given = {"GEMINI_API_KEY_2": "b", "GEMINI_API_KEY_10": "j"}
    deployed = [key.alias for key in settings.read_gemini_keys(given)]
    assert deployed == [key.alias for key in keys_from_environment(given, separate_projects=False)]


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("GEMINI_QUOTAS", '{"gemini-2.5-flash": {"rpn": 10}}', "gemini-2.5-flash, rpn"),
        ("GEMINI_QUOTAS", "{gemini}", "GEMINI_QUOTAS: is not JSON"),
        ("GEMINI_QUOTA_PROBING", "perhaps", "GEMINI_QUOTA_PROBING"),
        ("GEMINI_USER_DAILY_MICRO_USD", "1 USD", "GEMINI_USER_DAILY_MICRO_USD"),
        ("GEMINI_PROJECT_1", "my project", "project of key"),
    ],
)
def test_a_mistake_in_the_settings_is_told_before_anything_starts(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, name: str, written: str, told: str
) -> None:
    given = {"GEMINI_API_KEY_1": "a", name: written}
    monkeypatch.setattr(settings, "given_settings", lambda: given)
    with pytest.raises(StepFailed) as refused:
        settings.read_settings(layout, "local")
    assert told in refused.value.reason
    assert ".env" in refused.value.advice


def test_a_parameter_of_json_reaches_the_sam_cli_whole() -> None:
    quotas = json.dumps({"gemini-2.5-flash": {"rpm": 1000, "tpm": 250000}})
    script = (
        "import json, sys; from samcli.cli.types import CfnParameterOverridesType as Type;"
        "print(json.dumps(Type().convert(tuple(sys.argv[1:]), None, None)))"
    )
    overrides = sam.overrides({"GeminiQuotas": quotas, "AllowedOrigins": "*"})

    read = subprocess.run(
        [str(SAM_BIN / "python"), "-c", script, *overrides],
        check=True,
        capture_output=True,
        text=True,
    )

    assert json.loads(read.stdout) == {"GeminiQuotas": quotas, "AllowedOrigins": "*"}


def test_a_stacks_own_secrets_are_made_once_and_kept_private(layout: Layout) -> None:
    made = settings.own_secrets(layout)
    assert settings.own_secrets(layout) == made
    assert len(made["jwt_secret"]) >= 32
    assert layout.secrets_file.stat().st_mode & 0o077 == 0


def test_a_file_that_was_cut_off_reads_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text('{"a": ')
    assert read_json(path) == {}


def test_state_machines_reach_the_emulator_as_json(tmp_path: Path) -> None:
    (tmp_path / "machine.asl.yaml").write_text("StartAt: A\nStates: {A: {Type: Succeed}}\n")
    template = tmp_path / "template.yaml"
    machine = {"Type": "AWS::Serverless::StateMachine"}
    machine |= {"Properties": {"DefinitionUri": "machine.asl.yaml"}}
    template.write_text(yaml.safe_dump({"Resources": {"Machine": machine}}))
    adapted = yaml.safe_load(adapt(template).read_text())
    definition = tmp_path / adapted["Resources"]["Machine"]["Properties"]["DefinitionUri"]
    assert json.loads(definition.read_text())["StartAt"] == "A"


def test_digests_stay_while_nothing_changes() -> None:
    assert sources_digest() == sources_digest()
    assert dependencies_digest() != sources_digest()


def test_the_migrations_have_one_newest() -> None:
    assert len(_heads()) == 1


def _first_number_in(log: Path) -> int:
    end = time.monotonic() + 10
    while not (text := log.read_text().strip()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return int(text)


def test_a_changed_encryption_key_keeps_the_one_before_it() -> None:
    first = encryption_secret({}, "one")
    assert first == {"encryption_key": "one"}
    second = encryption_secret(first, "two")
    assert (second["encryption_key"], second["previous_encryption_key"]) == ("two", "one")
    assert encryption_secret(second, "two") == second


def test_keys_sealed_before_the_encryption_key_had_a_secret_of_its_own_can_be_opened() -> None:
    application = {"jwt_secret": "j", "encryption_key": "old", "previous_encryption_key": "older"}
    present = present_encryption(application, {"encryption_key": "made by AWS"})
    assert encryption_secret(present, present["encryption_key"]) == {
        "encryption_key": "old",
        "previous_encryption_key": "older",
    }
    assert present_encryption({"jwt_secret": "j"}, {"encryption_key": "own"}) == {
        "encryption_key": "own"
    }


@pytest.mark.parametrize(
    ("written", "read"), [("1", "true"), ("Yes", "true"), ("no", "false"), ("perhaps", "perhaps")]
)
def test_a_flag_reaches_the_template_as_true_or_false(
    monkeypatch: pytest.MonkeyPatch, written: str, read: str
) -> None:
    monkeypatch.setenv("GEMINI_QUOTA_PROBING", written)
    assert settings.given_settings()["GEMINI_QUOTA_PROBING"] == read


def _queues(endpoint: str) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name=ministack.REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
