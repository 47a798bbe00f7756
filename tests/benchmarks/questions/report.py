"""What the benchmark prints, and which targets it holds the figures against."""

import os
import sys
from collections.abc import Sequence

from tests.benchmarks.questions.crowd import BIG, SMALL, Crowd
from tests.benchmarks.questions.measurement import Measurement
from tests.benchmarks.questions.quality import Quality

LEAST_SPEED_UP = {100: 6.0, 300: 14.0}
SHARE_OF_LIMIT = 0.7
CRITICAL_PATHS, SERVICE_SECONDS = 1.3, 0.5
FIRST_QUESTIONS = 1.3
SHARE_OF_GIGABYTE_SECONDS = 0.25
# Below this many choice questions the shares of key positions say nothing.
ENOUGH_CHOICES = 40


def show(
    measurements: Sequence[Measurement], qualities: Sequence[Quality], others: Sequence[Quality]
) -> None:
    """Print both tables, and how busy the machine was: on a busy one they say little."""
    load = os.getloadavg()[1]
    _line(f"\nload {load:.1f} on {os.cpu_count()} processors, the benchmark's own included")
    _line("each size after a job of the same size, which starts the functions")
    _line("service: the makespan of such a job where the model answers at once")
    _line(
        f"\n{'questions':>9} {'serial':>8} {'ours':>7} {'critical':>8} {'service':>8}"
        f" {'speed-up':>8} {'limit':>6} {'share':>6} {'first':>6} {'chunk':>6} {'calls':>5}"
        f" {'GB-s/q':>7} {'vs 1/chunk':>10} {'invocations':>11}"
    )
    for one in measurements:
        speed_up = one.speed_up or 0.0
        _line(
            f"{one.requested:>9} {one.serial_seconds or 0:>7.2f}s {one.makespan:>6.2f}s"
            f" {one.critical_path:>7.2f}s {one.service_seconds or 0:>7.2f}s"
            f" {speed_up:>7.1f}x {one.limit:>5.1f}x"
            f" {speed_up / one.limit:>6.0%} {one.first_seconds:>5.2f}s {one.median_chunk:>5.2f}s"
            f" {len(one.chunks) * 2:>5}"
            f" {one.billed.gigabyte_seconds / one.requested:>7.4f}"
            f" {one.share_of_gigabyte_seconds:>10.2f} {one.billed.invocations:>11}"
        )
    show_quality([*qualities, *others])


def show_crowd(crowd: Crowd) -> None:
    """Print how long each waited, as a multiple of one user's job alone."""
    slowest, users = crowd.together[-1], len(crowd.together)
    middle = crowd.together[users // 2]
    _line(f"{SMALL} questions for one user alone: {crowd.alone:.2f} s")
    _line(
        f"for each of {users} at once: median {middle:.2f} s ({middle / crowd.alone:.1f} times),"
        f" slowest {slowest:.2f} s ({slowest / crowd.alone:.1f} times; one after another:"
        f" {users}.0 times)"
    )
    _line(
        f"beside another's {BIG}: {crowd.beside:.2f} s ({crowd.beside / crowd.alone:.1f} times);"
        f" the {BIG} took {crowd.big:.2f} s"
    )


def show_quality(qualities: Sequence[Quality]) -> None:
    """Print what an independent look at the sets finds."""
    _line(
        f"\n{'document':<32} {'asked':>5} {'made':>5} {'quotes':>7} {'twice':>5} {'flagged':>7}"
        f" {'key positions':<26} reasons"
    )
    for quality in qualities:
        shares = " ".join(f"{share:.0%}" for share in quality.key_shares.values())
        _line(
            f"{quality.document:<32} {quality.requested:>5} {quality.delivered:>5}"
            f" {quality.quotes_found / max(1, quality.delivered):>7.0%} {quality.duplicates:>5}"
            f" {quality.flagged:>7} {shares:<26} {quality.reasons or '-'}"
        )


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def tell_missed(targets: Sequence[str]) -> int:
    """Print the targets that were missed; the exit status."""
    for target in targets:
        _line(f"missed: {target}")
    return 1 if targets else 0


def targets_missed(measurements: Sequence[Measurement], qualities: Sequence[Quality]) -> list[str]:
    """Every target that was not reached, in words."""
    missed = [target for one in measurements for target in _slow(one)]
    return missed + [target for quality in qualities for target in _wrong(quality)]


def _slow(one: Measurement) -> list[str]:
    speed_up = one.speed_up or 0.0
    allowed = CRITICAL_PATHS * one.critical_path + SERVICE_SECONDS
    checks = {
        f"makespan {one.makespan:.2f} s, at most {allowed:.2f} s": one.makespan <= allowed,
        f"speed-up {speed_up:.1f}, at least {SHARE_OF_LIMIT:.0%} of {one.limit:.1f}": (
            speed_up >= SHARE_OF_LIMIT * one.limit
        ),
        f"speed-up {speed_up:.1f}, at least {LEAST_SPEED_UP.get(one.requested, 0)}": (
            speed_up >= LEAST_SPEED_UP.get(one.requested, 0.0)
        ),
        f"first questions at {one.first_seconds:.2f} s, a chunk takes {one.median_chunk:.2f} s": (
            one.first_seconds <= FIRST_QUESTIONS * one.median_chunk
        ),
        f"GB-seconds {one.share_of_gigabyte_seconds:.2f} of one invocation a chunk": (
            one.share_of_gigabyte_seconds <= SHARE_OF_GIGABYTE_SECONDS
        ),
    }
    return [f"{one.requested} questions: {text}" for text, reached in checks.items() if not reached]


def _wrong(quality: Quality) -> list[str]:
    balanced = quality.choices < ENOUGH_CHOICES or all(
        0.2 <= share <= 0.3 for share in quality.key_shares.values()
    )
    checks = {
        f"{quality.delivered - quality.quotes_found} quotes not found": (
            quality.quotes_found == quality.delivered
        ),
        f"{quality.duplicates} duplicates": quality.duplicates == 0,
        f"{quality.wrongly_marked} with a wrong mark of transcription": quality.wrongly_marked == 0,
        f"key positions {quality.key_shares}": balanced,
        f"{quality.blueprint_gaps} gaps in the blueprint": quality.blueprint_gaps == 0,
        f"reasons {quality.reasons} for {quality.requested - quality.delivered} missing": (
            quality.reasons_are_exact
        ),
    }
    name = f"{quality.document}, {quality.requested} questions"
    return [f"{name}: {text}" for text, reached in checks.items() if not reached]
