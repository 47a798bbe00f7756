"""`make bench-questions`: question generation against the limit that the model's latency sets."""

import argparse
import sys
from pathlib import Path

from tests.benchmarks.questions.crowd import measure_crowd
from tests.benchmarks.questions.measurement import Measurement, measure
from tests.benchmarks.questions.quality import Quality, judge
from tests.benchmarks.questions.report import (
    show,
    show_crowd,
    show_quality,
    targets_missed,
    tell_missed,
)
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
# With those whose pages, some or all, are transcribed.
ALL = (*READABLE, "mixed_text_and_scan.pdf", "scan_12pages.pdf")


def main() -> int:
    """Measure every size; 0 if all targets are reached."""
    arguments = _arguments()
    stack = Stack.running()
    if arguments.quality_only:
        return _check_quality(stack, arguments.scale)
    if arguments.crowd:
        with stack.latency_scaled(arguments.scale):
            show_crowd(measure_crowd(stack, SAMPLE, arguments.crowd))
        return 0
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
    return tell_missed(
        targets_missed(measurements, [*qualities, *(judge(other) for other in others)])
    )


def _check_quality(stack: Stack, scale: float) -> int:
    """Judge sets of every document, without the runs that are only for speed."""
    with stack.latency_scaled(scale):
        measured = [measure(stack, SAMPLE, 100, serial=False)]
        measured += [measure(stack, DOCUMENTS / name, 20, serial=False) for name in ALL]
    qualities = [judge(one) for one in measured]
    show_quality(qualities)
    return tell_missed(targets_missed([], qualities))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-questions", description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[20, 100, 300])
    parser.add_argument("--scale", type=float, default=0.1, help="of the model's real latency")
    parser.add_argument(
        "--quality-only", action="store_true", help="check what is delivered, not how fast"
    )
    parser.add_argument(
        "--crowd", type=int, default=0, help="only: so many users at once, and one beside a big job"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
