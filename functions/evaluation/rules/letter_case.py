"""When two spellings that differ in case are one word, and when they are Co and CO."""

import re
from collections import Counter

from functions.evaluation.rules.text_folding import lower

# Words of two letters or fewer keep their case (V is not v, Co is not CO), but for these.
_SHORT_WORDS = frozenset({
    "am", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "me", "my", "no",
    "of", "on", "or", "so", "to", "up", "us", "we", "ph",
})  # fmt: skip
_GENOTYPE = re.compile(r"(?:([A-Za-z])(?i:\1))+")


def same_word(accepted: str, given: str, language: str) -> bool:
    """True where `given` is `accepted` in another, harmless case.

    Harmless is what typing alone explains: a capital at the beginning, everything small,
    everything large. A chosen mixture (Co, mW, AaBb) must be matched.
    """
    if accepted == given:
        return True
    if lower(accepted, language) != lower(given, language) or _GENOTYPE.fullmatch(accepted):
        return False
    if len(accepted) <= 2:
        shouted = given.isupper() or accepted.isupper()
        return lower(given, language) in _SHORT_WORDS and not shouted
    if given.isupper():
        return accepted.islower() or len(accepted) >= 4
    return given.islower() or (_ordinary(accepted) and _ordinary(given))


def _ordinary(word: str) -> bool:
    """Small, or small after a capital."""
    capitals = Counter(character.isupper() for character in word)[True]
    return capitals == 0 or (capitals == 1 and word[0].isupper())
