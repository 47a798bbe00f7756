"""The results as a table, and which targets were missed."""

import statistics
from collections.abc import Iterable
from itertools import groupby

from tests.benchmarks.keys.measurement import Result
from tests.benchmarks.keys.scenarios import SCENARIOS

HEAD = (
    f"{'scenario':20} {'client':12} {'done':>9} {'makespan':>9} {'floor':>7} {'ratio':>6} "
    f"{'perfect':>8} {'p95':>6} {'calls':>6} {'429s':>6} {'5xx':>5} {'wasted':>7} {'CPU ms':>7}"
)


def line(result: Result) -> str:
    """One run, one line."""
    floor = result.floor + result.median_call
    return (
        f"{result.scenario:20} {result.client:12} {result.done:4}/{result.requests:<4} "
        f"{result.makespan:8.1f}s {floor:6.1f}s {result.ratio:6.2f} {result.perfect_ratio:8.2f} "
        f"{result.p95:6.1f} "
        f"{result.calls:6} {result.refusals:6} {result.server_errors:5} {result.wasted:7} "
        f"{result.cpu_milliseconds:7.1f}"
    )


def cpu_missed(results: Iterable[Result], bare: Result) -> list[str]:
    """Whether a request through the pool costs over a fifth more CPU than a bare call."""
    most = 1.2 * bare.cpu_milliseconds
    return [
        f"{one.scenario}: {one.cpu_milliseconds:.1f} ms of CPU a request, not {most:.1f}"
        for one in results
        if one.client == "pool" and one.scenario == "clean" and one.cpu_milliseconds > most
    ]


def targets_missed(results: Iterable[Result]) -> list[str]:
    """What the pool didn't reach, by the median of a scenario's runs; others have no targets."""
    missed = []
    own = [result for result in results if result.client == "pool"]
    for name, group in groupby(own, key=lambda result: result.scenario):
        runs = list(group)
        failed = max(run.requests - run.done for run in runs)
        if failed:
            missed.append(f"{name}: {failed} requests failed")
        ratio, bound = statistics.median(run.ratio for run in runs), SCENARIOS[name].bound
        if ratio > bound:
            perfect = statistics.median(run.perfect_ratio for run in runs)
            missed.append(f"{name}: {ratio:.2f} x the floor, not {bound}; perfect is {perfect:.2f}")
        wasted = max(run.wasted for run in runs)
        if wasted > 0.03 * runs[0].requests:
            missed.append(f"{name}: {wasted} wasted calls are over 3 %")
    return missed


def decisions_missed(fourteen: float, hundred: float) -> list[str]:
    """The targets of one decision, in milliseconds at p50."""
    missed = []
    if fourteen > 0.6:
        missed.append(f"a decision over 14 keys takes {fourteen:.2f} ms, not 0.6")
    if hundred > 1.5:
        missed.append(f"a decision over 100 keys takes {hundred:.2f} ms, not 1.5")
    return missed
