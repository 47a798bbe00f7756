"""One run: four processes of a client against one scenario, and what came of it."""

import json
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from tests.benchmarks.keys.emulator import RunningEmulator, emulator
from tests.benchmarks.keys.scenarios import MODEL, PROCESSES, Scenario
from tests.benchmarks.keys.work import data_parts

ROOT = Path(__file__).parents[3]
LITELLM_PYTHON = ROOT / ".local" / "environments" / "benchmarks" / "bin" / "python"
CLIENTS = {
    "pool": [sys.executable, "-m", "tests.benchmarks.keys.pool_worker"],
    "litellm": [str(LITELLM_PYTHON), "tests/benchmarks/keys/litellm_worker.py"],
    "bare": [sys.executable, "-m", "tests.benchmarks.keys.bare_worker"],
    "round-robin": [sys.executable, "-m", "tests.benchmarks.keys.round_robin_worker"],
}


@dataclass(frozen=True)
class Result:
    """What one run took. `wasted` are calls answered by anything but 200 and the server's 5xx.

    `perfect` is the makespan of a scheduler that loses no time, with this run's latencies.
    """

    scenario: str
    client: str
    requests: int
    done: int
    makespan: float
    p95: float
    median_call: float
    floor: float
    perfect: float
    calls: int
    refusals: int
    server_errors: int
    wasted: int
    cpu_milliseconds: float

    @property
    def ratio(self) -> float:
        """Makespan over admission floor plus one median call."""
        return self.makespan / (self.floor + self.median_call)

    @property
    def perfect_ratio(self) -> float:
        """The same of a scheduler that loses no time."""
        return self.perfect / (self.floor + self.median_call)


def measure(
    scenario: Scenario, client: str, redis_url: str, requests: int, latency_scale: float
) -> Result:
    """Runs the client on an empty Redis and a fresh emulator."""
    Redis.from_url(redis_url).flushall()
    with emulator(scenario, latency_scale) as server:
        give_up_seconds = 3 * scenario.slots_seconds(requests)[-1] + 60
        workers = [
            _start(client, _order(scenario, server, redis_url, list(numbers), give_up_seconds))
            for numbers in (range(part, requests, PROCESSES) for part in range(PROCESSES))
        ]
        for worker in workers:
            _heard(worker)
        faults = scenario.faults()
        starts_at = time.time() + 1.0
        for worker in workers:
            _tell(worker, {"starts_at": starts_at})
        time.sleep(max(0.0, starts_at - time.time()))
        if faults:
            server.post("/faults", faults)
        reports = [_heard(worker) for worker in workers]
        for worker in workers:
            worker.wait(30)
        return _result(
            scenario,
            client=client,
            requests=requests,
            starts_at=starts_at,
            reports=reports,
            calls=server.calls(),
        )


def _order(
    scenario: Scenario,
    server: RunningEmulator,
    redis_url: str,
    numbers: list[int],
    give_up_seconds: float,
) -> dict[str, Any]:
    return {
        "base_url": server.url,
        "redis_url": redis_url,
        "model": MODEL,
        "rpm": scenario.configured_rpm,
        "keys": [
            {"alias": key.alias, "value": key.value, "project": key.project}
            for key in scenario.keys
        ],
        "numbers": numbers,
        "data": [data_parts(number) for number in numbers],
        "give_up_seconds": give_up_seconds,
    }


def _start(client: str, order: dict[str, Any]) -> "subprocess.Popen[str]":
    worker = subprocess.Popen(
        CLIENTS[client],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    _tell(worker, order)
    return worker


def _tell(worker: "subprocess.Popen[str]", order: dict[str, Any]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(order) + "\n")
    worker.stdin.flush()


def _heard(worker: "subprocess.Popen[str]") -> dict[str, Any]:
    assert worker.stdout is not None
    for line in worker.stdout:
        if line.startswith("{"):
            heard: dict[str, Any] = json.loads(line)
            return heard
    raise RuntimeError(f"a worker ended without a word: {worker.args}")


def _result(
    scenario: Scenario,
    *,
    client: str,
    requests: int,
    starts_at: float,
    reports: list[dict[str, Any]],
    calls: list[dict[str, Any]],
) -> Result:
    finished = sorted(moment - starts_at for report in reports for moment in report["finished"])
    statuses = [call["status"] for call in calls]
    slow = {key.alias for key in scenario.keys if key.slow}
    good = [c["planned_seconds"] for c in calls if c["status"] == 200 and c["key"] not in slow]
    slots = scenario.slots_seconds(requests)
    errors = sum(500 <= status < 600 for status in statuses)
    return Result(
        scenario=scenario.name,
        client=client,
        requests=requests,
        done=len(finished),
        makespan=finished[-1] if finished else 0.0,
        p95=finished[int(0.95 * (len(finished) - 1))] if finished else 0.0,
        median_call=statistics.median(good) if good else 0.0,
        floor=slots[-1],
        perfect=_perfect_makespan(slots, good),
        calls=len(calls),
        refusals=statuses.count(429),
        server_errors=errors,
        wasted=sum(status != 200 for status in statuses) - errors,
        cpu_milliseconds=1000 * sum(report["cpu_seconds"] for report in reports) / requests,
    )


def _perfect_makespan(slots: list[float], latencies: list[float]) -> float:
    """The median over random orders, for no scheduler knows which call will be a long one."""
    if not latencies:
        return 0.0
    chance = random.Random(1)
    return statistics.median(
        max(slot + chance.choice(latencies) for slot in slots) for _ in range(200)
    )
