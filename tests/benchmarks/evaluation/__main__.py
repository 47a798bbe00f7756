"""`make bench-evaluation`: grading a class against the limit that the model's latency sets."""

import argparse
import sys
from pathlib import Path

from tests.benchmarks.evaluation.class_room import prepare
from tests.benchmarks.evaluation.measurement import Rooms, find_floors, measure, warm_up
from tests.benchmarks.evaluation.report import show, targets_missed
from tests.benchmarks.questions.stack import Stack

SAMPLE = Path("samples/openstax-microbiology-ch6.pdf")


def main() -> int:
    """Measure; 0 if all targets are reached."""
    arguments = _arguments()
    stack = Stack.running()
    rooms = Rooms(
        *(prepare(stack, SAMPLE, arguments.learners, arguments.answers) for _ in range(2))
    )
    with stack.latency_scaled(arguments.scale):
        warm_up(rooms)
    with stack.latency_scaled(0):
        floors = [find_floors(rooms, seed=run) for run in range(arguments.runs)]
    with stack.latency_scaled(arguments.scale):
        measurements = [
            measure(stack, rooms, seed=run + 1, floors=floor) for run, floor in enumerate(floors)
        ]
    show(measurements)
    best = min(measurements, key=lambda one: one.makespan)
    missed = targets_missed(best)
    sys.stdout.writelines(f"missed: {target}\n" for target in missed)
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-evaluation", description=__doc__)
    parser.add_argument("--learners", type=int, default=20)
    parser.add_argument("--answers", type=int, default=10, help="of each, half of them objective")
    parser.add_argument("--scale", type=float, default=0.1, help="of the model's real latency")
    parser.add_argument("--runs", type=int, default=1, help="the fastest is held to the targets")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
