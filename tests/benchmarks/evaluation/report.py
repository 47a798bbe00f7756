"""What the benchmark prints, and which targets it holds the figures against."""

import sys
from collections.abc import Iterator, Sequence

from tests.benchmarks.evaluation.measurement import Measurement, WayMeasured

LEAST_SPEED_UP, SHARE_OF_LIMIT = 15.0, 0.7
SLOWEST_BATCHES, SERVICE_SECONDS = 1.3, 0.5
OBJECTIVE_MILLISECONDS = 30.0


def show(measurements: Sequence[Measurement]) -> None:
    """Print the tables."""
    _line(
        f"\n{'handed in':>9} {'answers':>7} {'serial':>8} {'ours':>7} {'answered':>8}"
        f" {'slowest':>8} {'allowed':>8} {'speed-up':>8} {'limit':>6} {'share':>6} {'calls':>5}"
        f" {'most':>5} {'floor':>6}"
    )
    for one in (way for measured in measurements for way in measured.ways):
        _line(
            f"{one.name:>9} {one.answers:>7} {one.serial.taken:>7.2f}s {one.makespan:>6.2f}s"
            f" {one.handed_in.answered:>7.2f}s {max(one.batches):>7.2f}s {allowed(one):>7.2f}s"
            f" {one.speed_up:>7.1f}x {one.limit:>5.1f}x {one.speed_up / one.limit:>6.0%}"
            f" {len(one.batches):>5} {most_calls(one):>5} {one.floor.makespan:>5.2f}s"
        )
    _line(
        "\nThe limit is all answers one by one over the slowest batch, as the model's latency is."
        "\nThe floor is the same with a model that answers at once: what the processors take."
    )
    for measured in measurements:
        _line(f"objective answers of one submission: {measured.objective_p95:.1f} ms at p95")
    if measurements and measurements[0].sizes:
        _line(f"\n{'batch':>5} {'calls':>5} {'prompt tokens':>13} {'slowest':>8} {'all':>7}")
    for result in measurements[0].sizes if measurements else ():
        _line(
            f"{result.size:>5} {result.calls:>5} {result.prompt_tokens:>13}"
            f" {result.slowest:>7.2f}s {result.makespan:>6.2f}s"
        )


def allowed(one: WayMeasured) -> float:
    """How long everything may take."""
    return SLOWEST_BATCHES * max(one.batches) + SERVICE_SECONDS


def most_calls(one: WayMeasured) -> int:
    """How many calls the free answers may cost before the cache."""
    return one.free_answers // 5 + 2


def targets_missed(measured: Measurement) -> list[str]:
    """Every target that was not reached, in words."""
    missed = [f"{way.name}: {text}" for way in measured.ways for text in _missed(way)]
    if measured.objective_p95 > OBJECTIVE_MILLISECONDS:
        missed.append(f"objective answers in {measured.objective_p95:.1f} ms at p95")
    return missed


def _missed(one: WayMeasured) -> Iterator[str]:
    if one.makespan > allowed(one):
        yield f"makespan {one.makespan:.2f} s, at most {allowed(one):.2f} s"
    if one.speed_up < LEAST_SPEED_UP:
        yield f"speed-up {one.speed_up:.1f}, at least {LEAST_SPEED_UP:.0f}"
    if one.speed_up < SHARE_OF_LIMIT * one.limit:
        yield f"speed-up {one.speed_up:.1f}, at least {SHARE_OF_LIMIT:.0%} of {one.limit:.1f}"
    if len(one.batches) > most_calls(one):
        yield f"{len(one.batches)} calls, at most {most_calls(one)}"


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
