"""What operators are told of: alarms on metrics that are really written."""

import io
import json
import uuid
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest

from functions.jobs.metrics import record_stubborn_deletions
from shared.ai.error_table import NEEDS_OPERATOR, REFUSALS
from shared.ai.errors import ModelSaturated, ModelUnavailable, NoKeysConfigured
from shared.ai.interface import Lane, Usage
from shared.ai.ledger import FinishedCall
from shared.ai.metrics import EmfMetrics
from tests.infrastructure.reading import Template, read_template, written

OWN = "LearningApp/${AWS::StackName}"
MODEL = "the-model"
ALARMS = sorted(read_template().of_type("AWS::CloudWatch::Alarm"))
OWN_ALARMS = [
    name
    for name in ALARMS
    if written(read_template().resources[name]["Properties"]["Namespace"]) == OWN
]


def test_what_an_operator_wants_to_know_first_has_an_alarm(template: Template) -> None:
    told = {_told(template, name) for name in OWN_ALARMS}
    assert told == {
        ("ModelKeyProblems", None),
        ("ModelRequestsUnanswered", ModelSaturated.code),
        ("ModelRequestsUnanswered", ModelUnavailable.code),
        ("ModelRequestsUnanswered", NoKeysConfigured.code),
        ("ModelPoolDegraded", None),
        ("StubbornObjectDeletions", None),
    }


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_reaches_somebody_and_is_silent_where_nothing_happens(
    template: Template, alarm: str
) -> None:
    properties = template.resources[alarm]["Properties"]
    assert properties["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert properties["AlarmDescription"].endswith(".")
    assert properties["TreatMissingData"] == "notBreaching"
    assert properties.get("DatapointsToAlarm", 1) <= properties["EvaluationPeriods"]


def test_whatever_runs_by_a_schedule_is_missed_where_it_fails(template: Template) -> None:
    watched = {
        properties["Dimensions"][0]["Value"]["Ref"]
        for name in ALARMS
        if (properties := template.resources[name]["Properties"])["Namespace"] == "AWS/Lambda"
    }
    scheduled = {
        name
        for name in template.of_type("AWS::Serverless::Function")
        for event in template.resources[name]["Properties"].get("Events", {}).values()
        if event["Type"] in ("Schedule", "ScheduleV2")
    }
    assert watched == scheduled != set()


@pytest.mark.parametrize("alarm", OWN_ALARMS)
def test_an_alarm_watches_a_metric_as_it_is_written(
    template: Template, alarm: str, written_metrics: set[tuple[str, frozenset[Any]]]
) -> None:
    """CloudWatch finds a metric by all its dimensions; with a wrong one it is silent for ever."""
    properties = template.resources[alarm]["Properties"]
    dimensions = {one["Name"]: written(one["Value"]) for one in properties["Dimensions"]}
    if "model" in dimensions:
        assert dimensions["model"] in ("GeminiModel", "GeminiFallbackModel")
        dimensions["model"] = MODEL
    assert (properties["MetricName"], frozenset(dimensions.items())) in written_metrics


def test_errors_of_the_api_itself_are_told(template: Template) -> None:
    """The names are those that an HTTP API (not a REST API) gives its metrics."""
    properties = template.resources["ApiErrorsAlarm"]["Properties"]
    assert (properties["Namespace"], properties["MetricName"]) == ("AWS/ApiGateway", "5xx")
    assert properties["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": "HttpApi"}}]


def test_the_fallback_model_has_an_alarm_only_where_there_is_one(template: Template) -> None:
    for name in OWN_ALARMS:
        resource = template.resources[name]
        about_fallback = "GeminiFallbackModel" in json.dumps(resource["Properties"]["Dimensions"])
        assert (resource.get("Condition") == "HasGeminiFallbackModel") == about_fallback


def test_metrics_of_two_stacks_do_not_mix(template: Template) -> None:
    common = template.document["Globals"]["Function"]["Environment"]["Variables"]
    assert written(common["POWERTOOLS_METRICS_NAMESPACE"]) == OWN
    for name, function in template.of_type("AWS::Serverless::Function").items():
        own = function["Properties"]["Environment"]["Variables"]
        assert "POWERTOOLS_METRICS_NAMESPACE" not in own, name


def test_a_quota_that_is_taken_for_a_while_is_no_trouble_with_a_key() -> None:
    assert {"minute_quota", "token_quota", "day_quota"} <= REFUSALS - NEEDS_OPERATOR
    assert {"key_invalid", "key_refused", "service_disabled", "no_quota"} <= NEEDS_OPERATOR


@pytest.fixture
def written_metrics(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, frozenset[Any]]]:
    """Every metric with every set of dimensions that the AI layer and the sweep can write."""
    sweep = read_template().resources["SweepJobsFunction"]["Properties"]
    service = sweep["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "any")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", service)
    metrics, output = EmfMetrics(), io.StringIO()
    with redirect_stdout(output):
        for kind in sorted(NEEDS_OPERATOR):
            metrics.record(_call(kind))
        for error in (ModelSaturated, ModelUnavailable, NoKeysConfigured):
            metrics.record_unanswered(MODEL, Lane.CHAT.value, error.code)
        metrics.record_degraded(MODEL)
        record_stubborn_deletions(1)
    return {one for line in output.getvalue().splitlines() for one in _metrics(json.loads(line))}


def _metrics(line: dict[str, Any]) -> Iterator[tuple[str, frozenset[Any]]]:
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for metric in directive["Metrics"]:
            if line[metric["Name"]] != [0]:
                for names in directive["Dimensions"]:
                    yield metric["Name"], frozenset((name, line[name]) for name in names)


def _told(template: Template, alarm: str) -> tuple[str, str | None]:
    properties = template.resources[alarm]["Properties"]
    codes = [one["Value"] for one in properties["Dimensions"] if one["Name"] == "code"]
    return properties["MetricName"], codes[0] if codes else None


def _call(kind: str) -> FinishedCall:
    return FinishedCall(
        job_id=None,
        user_id=uuid.uuid4(),
        lane=Lane.CHAT.value,
        purpose="chat",
        model=MODEL,
        key_alias="key-1",
        project="my-project",
        usage=Usage(),
        cost_micro_usd=0,
        latency_seconds=1.0,
        error_code=kind,
    )
