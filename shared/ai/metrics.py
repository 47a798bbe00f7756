"""CloudWatch metrics of model calls, one EMF line a call."""

from typing import Protocol

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.ai.ledger import FinishedCall


class CallMetrics(Protocol):
    """Where numbers about calls go."""

    def record(self, call: FinishedCall) -> None:
        """Counts one finished call."""
        ...


class EmfMetrics:
    """Lines on standard output that CloudWatch turns into metrics by lane and model.

    The key's alias is a property of the line, not a dimension: fourteen keys would multiply
    what CloudWatch bills.
    """

    def record(self, call: FinishedCall) -> None:
        metrics = EphemeralMetrics()
        metrics.add_dimension(name="model", value=call.model)
        metrics.add_dimension(name="lane", value=call.lane)
        metrics.add_metadata(key="key_alias", value=call.key_alias)
        metrics.add_metadata(key="error_code", value=call.error_code)
        failed = call.error_code is not None
        metrics.add_metric(name="ModelCalls", unit=MetricUnit.Count, value=1)
        metrics.add_metric(name="ModelCallErrors", unit=MetricUnit.Count, value=int(failed))
        latency = call.latency_seconds * 1000
        metrics.add_metric(name="ModelLatency", unit=MetricUnit.Milliseconds, value=latency)
        tokens = call.usage.prompt_tokens + call.usage.output_tokens + call.usage.thought_tokens
        metrics.add_metric(name="ModelTokens", unit=MetricUnit.Count, value=tokens)
        cost = call.cost_micro_usd
        metrics.add_metric(name="ModelCostMicroUsd", unit=MetricUnit.Count, value=cost)
        metrics.flush_metrics()
