"""Signs that an answer speaks to the grader instead of answering: flagged, never zeroed."""

import json
import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from functions.evaluation.rules.disguises import hides_bytes, undisguised
from functions.evaluation.rules.suspicious_phrases import INSTRUCTIONS
from functions.evaluation.rules.text_folding import is_invisible, loose_words

LONGEST_ORDINARY_ANSWER = 4_000
# What is longer is suspicious anyway; the patterns then cost at most some 200 ms.
_LOOKED_AT = 20_000
_SHORTEST_CRITERION = 4

_TYPED_CONTROLS = frozenset("\t\n\r")
_JOINERS_OF_SCRIPTS = re.compile(
    "[\u0600-\u07ff\u0900-\u0dff\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\ufe0f\u2600-\u27bf"
    "\U0001f000-\U0001faff]\u200c?\u200d?"
)
_GRADER_JSON = re.compile(
    r'["\'“”«]?\b(?:met|criteria|criterion|evidence|points|score|max_score|answers|feedback|grade|'
    r'verdict|role|content|question_ref|system_instruction)\b["\'“”»]?\s*[:=]\s*'
    r'(?:["\'“”\[{]|true\b|false\b|null\b|[-+]?\d)',
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"<\|[a-z_ ]{2,30}\|>|\[/?(?:INST|SYS)\]|<</?SYS>>|</?(?:system|user|assistant|answers?|data|"
    r"questions?|instructions?|learner|student|grader|grading|criteria)(?:\s[^<>]{0,80})?>|```|"
    r"^\s*#{2,}\s*(?:system|instructions?|new|end|grader)\b|-{3,}\s*(?:end|begin|system)\b|"
    r"^\s*(?:system|assistant|developer|grader|examiner|human)\s*:|[}\]]\s*[}\]]\s*[,;]?\s*[{\[]|"
    r"^\s*[\"']\s*[}\]]",
    re.IGNORECASE | re.MULTILINE,
)
_ENCODED = re.compile(
    r"\b(?=[A-Za-z0-9+/]*\d)(?=[A-Za-z0-9+/]*[A-Z])[A-Za-z0-9+/]{48,4096}={0,2}|"
    r"(?:\\u[0-9a-fA-F]{4}){4}|(?:\\x[0-9a-fA-F]{2}){6}|(?:%[0-9a-fA-F]{2}){6}|(?:&#x?\w{2,6};){4}"
)
# Soft hyphens and direction marks come along when a text is copied.
_COPIED_ALONG = dict.fromkeys(map(ord, "\u00ad\u200e\u200f"))


class Suspicion(StrEnum):
    """What made an answer suspicious."""

    INSTRUCTION_LIKE = "instruction_like"
    GRADER_JSON = "grader_json"
    MARKUP = "markup"
    CONTROL_CHARACTERS = "control_characters"
    INVISIBLE_CHARACTERS = "invisible_characters"
    MIXED_SCRIPTS = "mixed_scripts"
    ENCODED_TEXT = "encoded_text"
    CRITERIA_PASTED = "criteria_pasted"
    VERY_LONG = "very_long"
    REPETITIVE = "repetitive"


def find_suspicions(
    answer: str, criteria: Sequence[str] = (), sent_ids: Sequence[str] = ()
) -> tuple[Suspicion, ...]:
    """What is suspicious about an answer, in the order of Suspicion.

    `criteria` are the rubric's texts, `sent_ids` ids of the request that no learner can know.
    """
    looked_at = answer[:_LOOKED_AT]
    words = loose_words(looked_at)
    checks = {
        Suspicion.INSTRUCTION_LIKE: _is_instruction_like(looked_at, words),
        Suspicion.GRADER_JSON: _is_grader_json(looked_at, sent_ids),
        Suspicion.MARKUP: _MARKUP.search(looked_at) is not None,
        Suspicion.CONTROL_CHARACTERS: any(map(_is_control, looked_at)),
        Suspicion.INVISIBLE_CHARACTERS: _has_invisible(looked_at),
        Suspicion.MIXED_SCRIPTS: _mixes_scripts(looked_at),
        Suspicion.ENCODED_TEXT: _ENCODED.search(looked_at) is not None,
        Suspicion.CRITERIA_PASTED: any(_holds(words, criterion) for criterion in criteria),
        Suspicion.VERY_LONG: len(answer) > LONGEST_ORDINARY_ANSWER,
        Suspicion.REPETITIVE: _is_repetitive(words),
    }
    return tuple(suspicion for suspicion in Suspicion if checks[suspicion])


def _is_instruction_like(text: str, words: str) -> bool:
    if INSTRUCTIONS.search(words):
        return True
    return any(INSTRUCTIONS.search(reading) for reading in undisguised(text))


def _is_grader_json(text: str, sent_ids: Sequence[str]) -> bool:
    if any(sent_id in text for sent_id in sent_ids):
        return True
    if _GRADER_JSON.search(text):
        return True
    stripped = text.strip()
    if not stripped.startswith(("{", "[")) or not stripped.endswith(("}", "]")):
        return False
    try:
        return isinstance(json.loads(stripped), dict)
    except (ValueError, RecursionError):
        return False


@lru_cache(maxsize=4096)
def _is_control(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {"Cs", "Co"} or (category == "Cc" and character not in _TYPED_CONTROLS)


def _has_invisible(text: str) -> bool:
    # Joiners belong to the spelling of some scripts and of emoji; a byte order mark opens files.
    plain = _JOINERS_OF_SCRIPTS.sub("", text.removeprefix("\ufeff"))
    return hides_bytes(plain) or any(
        is_invisible(character) for character in plain if character not in "\u00ad\u200e\u200f"
    )


def _mixes_scripts(text: str) -> bool:
    """True where one word mixes Latin letters with their Cyrillic or Greek look-alikes."""
    for word in re.findall(r"[^\W\d_]{4,}", text):
        if word.isascii():
            continue
        scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in word}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "CHEROKEE", "ARMENIAN"}:
            return True
    return False


def _holds(words: str, criterion: str) -> bool:
    wanted = loose_words(criterion)
    long_enough = len(wanted.split()) >= _SHORTEST_CRITERION or len(wanted) >= 24
    return long_enough and wanted in words


def _is_repetitive(words: str) -> bool:
    tokens = words.split()
    return len(tokens) >= 50 and len(set(tokens)) * 8 < len(tokens)
