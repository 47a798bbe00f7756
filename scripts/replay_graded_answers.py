"""Replays human-graded answers through the grade cache's policies and prints what each costs.

A hit is an answer that an earlier one, in random order, would have graded; a hit is wrong where the
two human scores differ by more than 0.2.

    python scripts/replay_graded_answers.py [--answers FILE] [--orders N] [--seed N]

Below the policies stands what no key can reach that is coarser than one of them and finer than
another (`replay_bounds`), also if so many exact repeats of these answers were added (`--repeats`).
"""

import argparse
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from functions.evaluation.rules.canonical_answer import canonical_answer  # noqa: E402
from functions.evaluation.rules.english_folding import FUNCTION_WORDS  # noqa: E402
from functions.evaluation.rules.near_policy import is_near, trigram_similarity  # noqa: E402
from scripts.replay_bounds import Classes, classes_of  # noqa: E402

ANSWERS = ROOT / "tests/files/graded_answers/beetle.jsonl"
PAIRS = ROOT / "tests/files/minimal_pairs"
LANGUAGE = "en"
WRONG_ABOVE = 0.2
SENTENCE = (
    "We know from the experiment that was described in the chapter on measurement that {} "
    "whenever everything else about the arrangement remains exactly as it was described before"
)
# The published corpus gives each distinct answer once, with how often it was given; 5,876 in all.
MISSING_REPEATS = 677
ROW = "{:<30}{:>8}{:>8}{:>8}{:>8}{:>13}{:>13}{:>8}"


@dataclass(frozen=True)
class GradedAnswer:
    """One answer and the score, 0 to 1, that a person gave it."""

    question_id: str
    text: str
    score: float


@dataclass(frozen=True)
class Tally:
    """What a policy would have served, and how often that was wrong."""

    hits: int
    wrong: int


@dataclass(frozen=True)
class MinimalPair:
    """Two answers that differ in one thing."""

    left: str
    right: str
    language: str


Replay = Callable[[list[GradedAnswer]], Tally]
Same = Callable[[str, str, str], bool]


def read_answers(path: Path) -> list[GradedAnswer]:
    """The answers of a JSON lines file of `question_id`, `student_answer` and `score`."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [GradedAnswer(row["question_id"], row["student_answer"], row["score"]) for row in rows]


def typed_alike(text: str) -> str:
    """Folds the first letter's case and a final full stop: where only graders can disagree."""
    bare = text.strip().rstrip(".")
    return bare[:1].lower() + bare[1:]


def content_words(text: str) -> str:
    """The set of an answer's content words: whatever keeps them apart serves no more than this.

    No policy for use: word order, negation and every function word are lost.
    """
    words = canonical_answer(text, LANGUAGE).casefold().split()
    return " ".join(sorted(set(words) - FUNCTION_WORDS - {"."}))


def replay_by_key(answers: list[GradedAnswer], key: Callable[[str], str]) -> Tally:
    """Serve an answer the grade of the first one with an equal key."""
    graded: dict[tuple[str, str], float] = {}
    hits = wrong = 0
    for answer in answers:
        place = (answer.question_id, key(answer.text))
        if place in graded:
            hits += 1
            wrong += abs(graded[place] - answer.score) > WRONG_ABOVE
        else:
            graded[place] = answer.score
    return Tally(hits, wrong)


def replay_near(answers: list[GradedAnswer]) -> Tally:
    """Serve an answer the grade of an equal key or, failing that, of the nearest near answer."""
    graded: dict[str, dict[str, float]] = {}
    hits = wrong = 0
    for answer in answers:
        known = graded.setdefault(answer.question_id, {})
        key = canonical_answer(answer.text, LANGUAGE)
        served = key if key in known else _nearest(key, known)
        if served is None:
            known[key] = answer.score
        else:
            hits += 1
            wrong += abs(known[served] - answer.score) > WRONG_ABOVE
    return Tally(hits, wrong)


def _nearest(key: str, known: dict[str, float]) -> str | None:
    near = [other for other in known if is_near(key, other, LANGUAGE)]
    return max(near, key=lambda other: trigram_similarity(key, other), default=None)


def average(
    answers: list[GradedAnswer],
    replay: Replay,
    orders: int,
    seed: int,
) -> tuple[float, float]:
    """Mean hits and mean wrong hits over several random orders."""
    hits = wrong = 0
    for order in range(orders):
        shuffled = random.Random(seed + order).sample(answers, len(answers))
        tally = replay(shuffled)
        hits, wrong = hits + tally.hits, wrong + tally.wrong
    return hits / orders, wrong / orders


def read_pairs(name: str) -> list[MinimalPair]:
    """The minimal pairs of a file."""
    with (PAIRS / name).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [MinimalPair(row["left"], row["right"], row["language"]) for row in rows]


def set_in_a_sentence(pairs: list[MinimalPair]) -> list[MinimalPair]:
    """English pairs of one line, each inside the same long sentence."""
    return [
        MinimalPair(SENTENCE.format(pair.left), SENTENCE.format(pair.right), pair.language)
        for pair in pairs
        if pair.language == LANGUAGE and "\n" not in pair.left + pair.right
    ]


def taken_as_equal(pairs: list[MinimalPair], same: Same) -> str:
    """How many pairs a policy takes as equal, of how many."""
    equal = sum(same(pair.left, pair.right, pair.language) for pair in pairs)
    return f"{equal}/{len(pairs)}"


POLICIES: tuple[tuple[str, Replay, Same], ...] = (
    ("byte-equal", lambda rows: replay_by_key(rows, str), lambda a, b, _: a == b),
    (
        "first letter and full stop",
        lambda rows: replay_by_key(rows, typed_alike),
        lambda a, b, _: typed_alike(a) == typed_alike(b),
    ),
    (
        "canonical key",
        lambda rows: replay_by_key(rows, lambda text: canonical_answer(text, LANGUAGE)),
        lambda a, b, language: canonical_answer(a, language) == canonical_answer(b, language),
    ),
    (
        "near policy",
        replay_near,
        lambda a, b, language: is_near(
            canonical_answer(a, language), canonical_answer(b, language), language
        ),
    ),
    (
        "bound: content words, unsafe",
        lambda rows: replay_by_key(rows, content_words),
        lambda a, b, _: content_words(a) == content_words(b),
    ),
)


def typed_classes(answers: list[GradedAnswer], key: Callable[[str], str]) -> Classes:
    """The classes that a key makes of these answers."""
    return classes_of([(one.question_id, one.text, one.score) for one in answers], key)


def print_bounds(answers: list[GradedAnswer], limit: float, repeats: int) -> None:
    """Print what every key misses that lies between two of the policies."""
    typed = typed_classes(answers, typed_alike)
    canonical = typed_classes(answers, lambda text: canonical_answer(text, LANGUAGE))
    loosest = typed_classes(answers, content_words)
    count = len(answers)
    print(
        f"\nNo key that is finer than content words has more than {loosest.hits / count:.1%} hits,"
    )
    print(f"nor more than {loosest.most_hits(limit) / count:.1%} where {limit:.1%} may be wrong,")
    print("even if it knew the human scores.")
    for name, classes in (
        ("a first letter and full stop", typed),
        ("what the canonical one does", canonical),
    ):
        print(
            f"Any key that folds {name} serves {classes.wrong:.1f} wrong grades or more, which is "
            f"{limit:.1%} of its hits only from {classes.fewest_hits(limit) / count:.1%} hits on."
        )
    hits = canonical.hits + repeats
    print(
        f"With {repeats} exact repeats added the canonical key has {hits / (count + repeats):.1%} "
        f"hits, of which at least {canonical.wrong / hits:.1%} are wrong."
    )


def main() -> None:
    """Print one row a policy: hits, wrong grades among them, pairs taken as equal."""
    parser = argparse.ArgumentParser(description="What each policy of the grade cache costs.")
    parser.add_argument("--answers", type=Path, default=ANSWERS)
    parser.add_argument("--orders", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=MISSING_REPEATS)
    options = parser.parse_args()
    answers = read_answers(options.answers)
    differ, match = read_pairs("must_differ.jsonl"), read_pairs("must_match.jsonl")
    sentences = set_in_a_sentence(differ)
    distinct = len({(answer.question_id, answer.text) for answer in answers})
    print(f"{len(answers)} answers, {distinct} of them distinct, {options.orders} random orders")
    print(ROW.format("served when", "hits", "", "wrong", "", "must differ", "in sentence", "match"))
    rates = {}
    for name, replay, same in POLICIES:
        hits, wrong = average(answers, replay, options.orders, options.seed)
        rate = rates[name] = wrong / hits if hits else 0.0
        equal = [taken_as_equal(pairs, same) for pairs in (differ, sentences, match)]
        shares = f"{hits / len(answers):.2%}", f"{rate:.2%}"
        print(ROW.format(name, f"{hits:.0f}", shares[0], f"{wrong:.1f}", shares[1], *equal))
    print(f"canonical key, wrong of its hits: {rates['canonical key']:.2%}")
    for name in ("byte-equal", "first letter and full stop"):
        print(f"one point more than {name}: {rates[name] + 0.01:.2%}")
    print_bounds(answers, rates["byte-equal"] + 0.01, options.repeats)


if __name__ == "__main__":
    main()
