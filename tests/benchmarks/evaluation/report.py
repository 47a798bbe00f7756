"""What the benchmark prints, and which targets it holds the figures against."""

import sys
from collections.abc import Sequence

from tests.benchmarks.evaluation.measurement import Measurement

LEAST_SPEED_UP, SHARE_OF_LIMIT = 15.0, 0.7
SLOWEST_BATCHES, SERVICE_SECONDS = 1.3, 0.5
OBJECTIVE_MILLISECONDS = 30.0


def show(measurements: Sequence[Measurement]) -> None:
    """Print the tables."""
    _line(
        f"\n{'answers':>7} {'serial':>8} {'ours':>7} {'handed in':>9} {'slowest':>8} {'allowed':>8}"
        f" {'speed-up':>8} {'limit':>6} {'share':>6} {'calls':>5} {'most':>5} {'objective p95':>13}"
    )
    for one in measurements:
        _line(
            f"{one.answers:>7} {one.serial:>7.2f}s {one.makespan:>6.2f}s {one.handed_in:>8.2f}s"
            f" {max(one.batches):>7.2f}s {allowed(one):>7.2f}s {one.speed_up:>7.1f}x"
            f" {one.limit:>5.1f}x {one.speed_up / one.limit:>6.0%} {len(one.batches):>5}"
            f" {most_calls(one):>5} {one.objective_p95:>10.1f} ms"
        )
    _line(
        "\nThe limit is all answers one by one over the slowest batch, as the model's latency is."
    )
    if measurements and measurements[0].sizes:
        _line(f"\n{'batch':>5} {'calls':>5} {'prompt tokens':>13} {'slowest':>8} {'all':>7}")
    for result in measurements[0].sizes if measurements else ():
        _line(
            f"{result.size:>5} {result.calls:>5} {result.prompt_tokens:>13}"
            f" {result.slowest:>7.2f}s {result.makespan:>6.2f}s"
        )


def allowed(one: Measurement) -> float:
    """How long everything may take."""
    return SLOWEST_BATCHES * max(one.batches) + SERVICE_SECONDS


def most_calls(one: Measurement) -> int:
    """How many calls the free answers may cost before the cache."""
    return one.free_answers // 5 + 2


def targets_missed(one: Measurement) -> list[str]:
    """Every target that was not reached, in words."""
    checks = {
        f"makespan {one.makespan:.2f} s, at most {allowed(one):.2f} s": one.makespan
        <= allowed(one),
        f"speed-up {one.speed_up:.1f}, at least {LEAST_SPEED_UP:.0f}": one.speed_up
        >= LEAST_SPEED_UP,
        f"speed-up {one.speed_up:.1f}, at least {SHARE_OF_LIMIT:.0%} of {one.limit:.1f}": (
            one.speed_up >= SHARE_OF_LIMIT * one.limit
        ),
        f"{len(one.batches)} calls, at most {most_calls(one)}": len(one.batches) <= most_calls(one),
        f"objective answers in {one.objective_p95:.1f} ms at p95": (
            one.objective_p95 <= OBJECTIVE_MILLISECONDS
        ),
    }
    return [text for text, reached in checks.items() if not reached]


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
