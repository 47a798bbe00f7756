"""The results as a table, and which targets were missed."""

from collections.abc import Iterable

from tests.benchmarks.keys.measurement import Result
from tests.benchmarks.keys.scenarios import SCENARIOS

HEAD = (
    f"{'scenario':20} {'client':12} {'done':>9} {'makespan':>9} {'floor':>7} {'ratio':>6} "
    f"{'p95':>6} {'calls':>6} {'429s':>6} {'5xx':>5} {'wasted':>7} {'CPU ms':>7}"
)


def line(result: Result) -> str:
    """One run, one line."""
    floor = result.floor + result.median_call
    return (
        f"{result.scenario:20} {result.client:12} {result.done:4}/{result.requests:<4} "
        f"{result.makespan:8.1f}s {floor:6.1f}s {result.ratio:6.2f} {result.p95:6.1f} "
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
    """What the pool didn't reach; other clients have no targets."""
    missed = []
    for result in results:
        if result.client != "pool":
            continue
        if result.done < result.requests:
            missed.append(f"{result.scenario}: {result.requests - result.done} requests failed")
        bound = SCENARIOS[result.scenario].bound
        if result.ratio > bound:
            missed.append(f"{result.scenario}: {result.ratio:.2f} x the floor, not {bound}")
        if result.wasted > 0.03 * result.requests:
            missed.append(f"{result.scenario}: {result.wasted} wasted calls are over 3 %")
    return missed


def decisions_missed(fourteen: float, hundred: float) -> list[str]:
    """The targets of one decision, in milliseconds at p50."""
    missed = []
    if fourteen > 0.6:
        missed.append(f"a decision over 14 keys takes {fourteen:.2f} ms, not 0.6")
    if hundred > 1.5:
        missed.append(f"a decision over 100 keys takes {hundred:.2f} ms, not 1.5")
    return missed
