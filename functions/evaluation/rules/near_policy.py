"""The looser policy an operator may choose: nearly equal answers share a grade. Off by default.

Measured by `scripts/replay_graded_answers.py` on Beetle (5,199 distinct answers, no resubmissions):
10.5 % hits instead of the canonical key's 9.3 %, wrong grades among hits 7.3 % in both (where only
a first letter or a full stop differs, graders disagree on 7.6 %). The price is opposites inside
long sentences: of 288 pairs that must differ, set in the same 25 words, it takes 19 as equal
(ethane and ethene, arteries and veins); the canonical key takes none.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from functions.evaluation.rules.answers import primary_language

NEAR_THRESHOLD = 0.90

_WORD_OR_SYMBOL = re.compile(r"\w+(?:'\w+)?|[^\w\s]+")
_NEGATIONS = frozenset({
    "not", "no", "never", "none", "nothing", "neither", "nor", "without", "cannot", "hardly",
    "barely", "lacks", "lack", "fails", "fail", "except", "unless", "only", "few", "little",
})  # fmt: skip
_NEGATING_PREFIX = re.compile(r"(?:un|in|im|ir|il|non|dis|anti|de|mis)(?=\w{3})")
_ANTONYMS = (
    "increase decrease", "rise fall", "open closed", "open close", "positive negative",
    "more less", "high low", "higher lower", "maximum minimum", "before after", "above below",
    "over under", "up down", "left right", "inside outside", "in out", "on off", "hot cold",
    "series parallel", "connected separated", "same different", "same opposite", "start stop",
    "first last", "all some", "always sometimes", "must may", "attract repel", "gain lose",
    "gains loses", "anode cathode", "endothermic exothermic", "hypertonic hypotonic",
    "mitosis meiosis", "oxidation reduction", "oxidised reduced", "concave convex", "true false",
    "with without", "affect effect", "accept reject", "import export", "intra inter", "long short",
    "fast slow", "strong weak", "acid base", "north south", "east west", "supply demand",
)  # fmt: skip
_OPPOSITES = frozenset(
    pair
    for words in _ANTONYMS
    for one, other in [words.split()]
    for pair in [(one, other), (other, one)]
)


def is_near(left: str, right: str, language: str) -> bool:
    """True where two canonical answers are equal or, in English, within the near policy.

    Takes results of `canonical_answer`. Near is a trigram similarity of at least 0.90 with the same
    negations, numbers, symbols, short words and capitals, no antonym exchanged and no word moved.
    """
    if left == right:
        return True
    laid_out = "\n" in left or "\n" in right
    if laid_out or primary_language(language) != "en":
        return False
    if trigram_similarity(left, right) < NEAR_THRESHOLD:
        return False
    one, other = _WORD_OR_SYMBOL.findall(left), _WORD_OR_SYMBOL.findall(right)
    return _guarded(one) == _guarded(other) and _same_order(one, other) and not _opposed(one, other)


def trigram_similarity(left: str, right: str) -> float:
    """Shared trigrams over all trigrams, words padded as PostgreSQL's pg_trgm pads them."""
    first, second = _trigrams(left), _trigrams(right)
    shared = len(first & second)
    union = len(first) + len(second) - shared
    return shared / union if union else 1.0


@lru_cache(maxsize=4096)
def _trigrams(text: str) -> frozenset[str]:
    padded = (f"  {word} " for word in re.findall(r"\w+", text.lower()))
    return frozenset(word[start : start + 3] for word in padded for start in range(len(word) - 2))


def _guarded(tokens: Sequence[str]) -> Counter[str]:
    """What must be the same in both: negations, numbers, symbols, labels and capitals."""
    return Counter(
        token
        for token in tokens
        if token in _NEGATIONS
        or len(token) <= 3
        or not token.isalpha()
        or token != token.lower()
        or _NEGATING_PREFIX.match(token)
    )


def _same_order(one: Sequence[str], other: Sequence[str]) -> bool:
    shared = set(one) & set(other)
    return [token for token in one if token in shared] == [t for t in other if t in shared]


def _opposed(one: Sequence[str], other: Sequence[str]) -> bool:
    gone, come = set(one) - set(other), set(other) - set(one)
    return any((left, right) in _OPPOSITES for left in gone for right in come)
