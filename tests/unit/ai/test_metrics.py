"""What CloudWatch gets to read of a model call."""

import json
import time
import uuid

import pytest

from shared.ai.error_table import REFUSALS, TABLE
from shared.ai.interface import Usage
from shared.ai.ledger import FinishedCall
from shared.ai.metrics import EmfMetrics

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
UNITS = {"Seconds", "Milliseconds", "Bytes", "Count", "Percent", "None", "Count/Second"}


@pytest.fixture(autouse=True)
def function_environment(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "LearningApp")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "generation-worker")


def a_call(error_code: str | None = None) -> FinishedCall:
    return FinishedCall(
        job_id=None,
        user_id=uuid.uuid4(),
        lane="generation",
        purpose="questions",
        model="gemini-2.5-flash",
        key_alias="key-1",
        project="my-project",
        usage=Usage(prompt_tokens=100, output_tokens=20, thought_tokens=3),
        cost_micro_usd=45,
        latency_seconds=1.5,
        error_code=error_code,
    )


def metric_lines(capsys) -> list[dict]:
    """Each printed line, checked by the rules of the embedded metric format.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for line in lines:
        about = line["_aws"]
        assert abs(about["Timestamp"] - time.time() * 1000) < 60_000
        for directive in about["CloudWatchMetrics"]:
            assert 1 <= len(directive["Namespace"]) <= 255
            assert directive["Dimensions"]
            for dimensions in directive["Dimensions"]:
                assert len(dimensions) == len(set(dimensions)) <= 30
                assert all(isinstance(line[name], str) and line[name] for name in dimensions)
            assert 1 <= len(directive["Metrics"]) <= 100
            for metric in directive["Metrics"]:
                assert metric["Unit"] in UNITS
                values = line[metric["Name"]]
                values = values if isinstance(values, list) else [values]
                assert 1 <= len(values) <= 100
                assert all(type(value) in (int, float) for value in values)
    return lines


def values_of(line: dict) -> dict[str, float]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    names = [metric["Name"] for metric in directive["Metrics"]]
    return {name: line[name][0] if isinstance(line[name], list) else line[name] for name in names}


def dimensions_of(line: dict) -> set[frozenset[str]]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return {frozenset(one) for one in directive["Dimensions"]}


def test_a_call_is_counted_with_its_tokens_cost_and_latency(capsys):
    EmfMetrics().record(a_call())
    (line,) = metric_lines(capsys)
    assert values_of(line) == {
        "ModelCalls": 1,
        "ModelCallErrors": 0,
        "ModelRefusals": 0,
        "ModelKeyProblems": 0,
        "ModelTokens": 123,
        "ModelCostMicroUsd": 45,
        "ModelLatency": 1500,
    }
    assert dimensions_of(line) == {
        frozenset({"service", "model", "lane"}),
        frozenset({"model"}),
    }
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "LearningApp"
    assert (line["key_alias"], line["project"]) == ("key-1", "my-project")


@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_an_answer_429_is_counted_by_its_kind(capsys, kind):
    EmfMetrics().record(a_call(kind))
    call, refusal = metric_lines(capsys)
    assert (values_of(call)["ModelRefusals"], values_of(call)["ModelCallErrors"]) == (1, 1)
    assert values_of(refusal) == {"ModelRefusalsByKind": 1}
    assert refusal["kind"] == kind
    assert dimensions_of(refusal) == {
        frozenset({"service", "model", "kind"}),
        frozenset({"model", "kind"}),
    }


@pytest.mark.parametrize("kind", ["overloaded", "timeout", "no_such_kind"])
def test_another_failure_is_no_refusal(capsys, kind):
    EmfMetrics().record(a_call(kind))
    (line,) = metric_lines(capsys)
    assert (values_of(line)["ModelRefusals"], values_of(line)["ModelCallErrors"]) == (0, 1)


def test_every_kind_of_refusal_is_in_the_table_of_errors():
    assert {row.kind for row in TABLE} >= REFUSALS


def test_calls_do_not_run_into_each_other(capsys):
    metrics = EmfMetrics()
    for error_code in (None, "minute_quota", None):
        metrics.record(a_call(error_code))
    lines = metric_lines(capsys)
    assert [values_of(line).get("ModelCalls") for line in lines] == [1, 1, None, 1]
    assert ["error_code" in line for line in lines] == [False, True, True, False]


def test_an_unanswered_request_is_counted_by_its_code(capsys):
    EmfMetrics().record_unanswered("gemini-2.5-flash", "chat", "model_saturated")
    (line,) = metric_lines(capsys)
    assert values_of(line) == {"ModelRequestsUnanswered": 1}
    assert (line["code"], line["lane"]) == ("model_saturated", "chat")
    assert dimensions_of(line) == {
        frozenset({"service", "model", "code"}),
        frozenset({"model", "code"}),
    }


def test_a_process_without_valkey_is_counted(capsys):
    EmfMetrics().record_degraded("gemini-2.5-flash")
    (line,) = metric_lines(capsys)
    assert values_of(line) == {"ModelPoolDegraded": 1}
    assert dimensions_of(line) == {frozenset({"service", "model"}), frozenset({"model"})}
