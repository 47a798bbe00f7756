"""The CloudWatch metric of the sweep, as an EMF line on standard output."""

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit


def record_stubborn_deletions(count: int) -> None:
    """Tell how many deletions of objects have failed again and again, by this function's name."""
    metrics = EphemeralMetrics()
    metrics.add_metric(name="StubbornObjectDeletions", unit=MetricUnit.Count, value=count)
    metrics.flush_metrics()
