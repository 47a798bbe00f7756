"""`make bench-questions`: question generation against the limit that the model's latency sets."""

import argparse
import sys
from pathlib import Path

from tests.benchmarks.questions.measurement import Measurement, measure
from tests.benchmarks.questions.quality import Quality, judge
from tests.benchmarks.questions.report import show, targets_missed
from tests.benchmarks.questions.stack import Stack

SAMPLE = Path("samples/openstax-microbiology-ch6.pdf")
DOCUMENTS = Path("tests/files/pdfs")
# Those of the folder that can be read; the others are there to be refused.
READABLE = (
    "two_column_latex.pdf",
    "arabic_shaped.pdf",
    "cjk_cid_fonts.pdf",
    "ligatures_hyphens.pdf",
)


def main() -> int:
    """Measure every size; 0 if all targets are reached."""
    arguments = _arguments()
    stack = Stack.running()
    with stack.latency_scaled(arguments.scale):
        measurements: list[Measurement] = []
        qualities: list[Quality] = []
        for count in arguments.counts:
            # Starts the functions: what is measured is generating, not their cold starts.
            measure(stack, SAMPLE, count, serial=False)
            measurements.append(measure(stack, SAMPLE, count))
            qualities.append(judge(measurements[-1]))
        others = [measure(stack, DOCUMENTS / name, 20, serial=False) for name in READABLE]
    with stack.latency_scaled(0.0):
        for one in measurements:
            one.service_seconds = measure(stack, SAMPLE, one.requested, serial=False).makespan
    show(measurements, qualities, [judge(other) for other in others])
    missed = targets_missed(measurements, [*qualities, *(judge(other) for other in others)])
    sys.stdout.writelines(f"missed: {target}\n" for target in missed)
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-questions", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[20, 100, 300])
    parser.add_argument("--scale", type=float, default=0.1, help="of the model's real latency")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
