"""CloudWatch metrics of the model: an EMF line a call, and one for each thing that goes wrong."""

from typing import Protocol

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.ai.error_table import NEEDS_OPERATOR, REFUSALS
from shared.ai.ledger import FinishedCall


class CallMetrics(Protocol):
    """Where numbers about calls go."""

    def record(self, call: FinishedCall) -> None:
        """Counts one finished call."""
        ...


class RequestMetrics(Protocol):
    """Where it is told that a request got no answer, and that the pool is on its own."""

    def record_unanswered(self, model: str, lane: str, code: str) -> None:
        """Counts a request that ended with the error of this code."""
        ...

    def record_degraded(self, model: str) -> None:
        """Counts that a process lost Valkey, and goes on with its own share of each quota."""
        ...


class AiMetrics(CallMetrics, RequestMetrics, Protocol):
    """Everything that the AI layer counts."""


class EmfMetrics:
    """Lines on standard output that CloudWatch turns into metrics.

    Each call counts twice: by service, model and lane to look at, and by model alone for alarms,
    which can't add up. The key's alias and project are properties of the line, to be searched in
    the log, and no dimensions: fourteen keys would multiply what CloudWatch bills.
    """

    def record(self, call: FinishedCall) -> None:
        metrics = _begun(call)
        metrics.add_dimension(name="lane", value=call.lane)
        metrics.add_dimensions(model=call.model)
        tokens = call.usage.prompt_tokens + call.usage.output_tokens + call.usage.thought_tokens
        for name, count in (
            ("ModelCalls", 1),
            ("ModelCallErrors", int(call.error_code is not None)),
            ("ModelRefusals", int(call.error_code in REFUSALS)),
            ("ModelKeyProblems", int(call.error_code in NEEDS_OPERATOR)),
            ("ModelTokens", tokens),
            ("ModelCostMicroUsd", call.cost_micro_usd),
        ):
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
        latency = call.latency_seconds * 1000
        metrics.add_metric(name="ModelLatency", unit=MetricUnit.Milliseconds, value=latency)
        metrics.flush_metrics()
        if call.error_code in REFUSALS:
            metrics = _begun(call)
            metrics.add_dimension(name="kind", value=call.error_code)
            metrics.add_dimensions(model=call.model, kind=call.error_code)
            _count_one(metrics, "ModelRefusalsByKind")

    def record_unanswered(self, model: str, lane: str, code: str) -> None:
        metrics = _of_model(model)
        metrics.add_dimension(name="code", value=code)
        metrics.add_dimensions(model=model, code=code)
        metrics.add_metadata(key="lane", value=lane)
        _count_one(metrics, "ModelRequestsUnanswered")

    def record_degraded(self, model: str) -> None:
        metrics = _of_model(model)
        metrics.add_dimensions(model=model)
        _count_one(metrics, "ModelPoolDegraded")


def _count_one(metrics: EphemeralMetrics, name: str) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    metrics.flush_metrics()


def _of_model(model: str) -> EphemeralMetrics:
    metrics = EphemeralMetrics()
    metrics.add_dimension(name="model", value=model)
    return metrics


def _begun(call: FinishedCall) -> EphemeralMetrics:
    metrics = _of_model(call.model)
    metrics.add_metadata(key="key_alias", value=call.key_alias)
    metrics.add_metadata(key="project", value=call.project)
    metrics.add_metadata(key="purpose", value=call.purpose)
    if call.error_code is not None:
        metrics.add_metadata(key="error_code", value=call.error_code)
    return metrics
