"""Embeddings without a model: hashed words as a unit vector, so like texts lie near each other."""

import hashlib
import math
from functools import lru_cache

from scripts.gemini_emulator.language.words import content_words, words

DEFAULT_DIMENSIONS = 3072
HASHES = 4


@lru_cache(maxsize=50_000)
def _places(word: str) -> tuple[tuple[int, float], ...]:
    digest = hashlib.blake2b(word.encode(), digest_size=8 * HASHES).digest()
    numbers = (int.from_bytes(digest[i : i + 8], "big") for i in range(0, len(digest), 8))
    return tuple((number >> 1, 1.0 if number & 1 else -1.0) for number in numbers)


def embed(text: str, dimensions: int = DEFAULT_DIMENSIONS) -> list[float]:
    """A unit vector; the same content words in any order give the same one."""
    vector = [0.0] * dimensions
    counts: dict[str, int] = {}
    for word in content_words(text) or words(text) or [text]:
        counts[word] = counts.get(word, 0) + 1
    for word, count in counts.items():
        for place, sign in _places(word):
            vector[place % dimensions] += sign * (1 + math.log(count))
    length = math.sqrt(sum(value * value for value in vector))
    if not length:
        vector[0] = length = 1.0
    return [round(value / length, 8) if value else 0.0 for value in vector]
