"""Counting and cutting text in tokens: about four Latin characters, or one ideograph, a token."""

import re
from collections.abc import Iterator

LATIN_WEIGHT = 1 / 4
OTHER_WEIGHT = 2 / 5
WIDE_WEIGHT = 1.0
FIRST_OTHER = 0x0370
FIRST_WIDE = 0x2E80
_OTHER = re.compile("[\u0370-\u2e7f]")
_WIDE = re.compile("[\u2e80-\U0010ffff]")
TOKENS_PER_MEDIA_PAGE = 258


def weight(character: str) -> float:
    code = ord(character)
    if code < FIRST_OTHER:
        return LATIN_WEIGHT
    return WIDE_WEIGHT if code >= FIRST_WIDE else OTHER_WEIGHT


def count_tokens(text: str) -> int:
    if not text:
        return 0
    total = len(text) * LATIN_WEIGHT
    if not text.isascii():
        total += len(_OTHER.findall(text)) * (OTHER_WEIGHT - LATIN_WEIGHT)
        total += len(_WIDE.findall(text)) * (WIDE_WEIGHT - LATIN_WEIGHT)
    return max(1, round(total))


def cut_to_tokens(text: str, limit: int) -> str:
    """The longest beginning of `text` that counts at most `limit` tokens."""
    if count_tokens(text) <= limit:
        return text
    spent = 0.0
    for position, character in enumerate(text):
        spent += weight(character)
        if spent > limit:
            return text[:position]
    return text


def token_groups(text: str, tokens: int) -> Iterator[str]:
    """Cut `text` into pieces of about `tokens` tokens that, joined, are the text again."""
    start, spent = 0, 0.0
    for position, character in enumerate(text):
        spent += weight(character)
        if spent >= tokens:
            yield text[start : position + 1]
            start, spent = position + 1, 0.0
    if start < len(text):
        yield text[start:]
