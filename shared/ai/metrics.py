"""CloudWatch metrics of model calls, one EMF line a call and one more for an answer 429."""

from typing import Protocol

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.ai.error_table import NEEDS_OPERATOR, REFUSALS
from shared.ai.ledger import FinishedCall


class CallMetrics(Protocol):
    """Where numbers about calls go."""

    def record(self, call: FinishedCall) -> None:
        """Counts one finished call."""
        ...


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
            _count_refusal(call, call.error_code)


def _count_refusal(call: FinishedCall, kind: str) -> None:
    metrics = _begun(call)
    metrics.add_dimension(name="kind", value=kind)
    metrics.add_dimensions(model=call.model, kind=kind)
    metrics.add_metric(name="ModelRefusalsByKind", unit=MetricUnit.Count, value=1)
    metrics.flush_metrics()


def _begun(call: FinishedCall) -> EphemeralMetrics:
    metrics = EphemeralMetrics()
    metrics.add_dimension(name="model", value=call.model)
    metrics.add_metadata(key="key_alias", value=call.key_alias)
    metrics.add_metadata(key="project", value=call.project)
    metrics.add_metadata(key="purpose", value=call.purpose)
    if call.error_code is not None:
        metrics.add_metadata(key="error_code", value=call.error_code)
    return metrics
