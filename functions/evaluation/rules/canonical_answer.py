"""When two answers are the same answer: equality of a strict canonical key.

Folded is only what can't carry meaning. Word order, every content word, digits, signs, operators,
superscripts, combining marks and the case of short tokens stay.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from functools import lru_cache

from functions.evaluation.rules.answers import primary_language
from functions.evaluation.rules.english_canonical import canonical_english
from functions.evaluation.rules.text_folding import fold_typing, is_invisible

# Each release of these rules needs a new number: old keys then meet no new ones.
CANONICAL_VERSION = 3

_JOINERS = frozenset("\u200c\u200d")
# A byte order mark, a soft hyphen and direction marks come along when text is copied.
_COPIED_ALONG = dict.fromkeys(map(ord, "\ufeff\u00ad\u200e\u200f\u200b"))

_CODE = re.compile(r"[=;{}()\[\]<>]|:[ \t]*\n|\n[ \t]+\S")


@dataclass(frozen=True, slots=True)
class CacheScope:
    """Everything besides the answer that a grade depends on; `model` is the grader's name."""

    tenant_id: str
    question_id: str
    question_version: int
    rubric_hash: str
    max_score: float
    language: str
    model: str
    prompt_version: str


def canonical_answer(text: str, language: str) -> str:
    """The canonical form of an answer in a language, by its BCP 47 tag.

    English has rules of its own; elsewhere it is NFC with single spaces, trimmed, in its own case.
    Text with hidden or control characters equals only itself; so does code of several lines,
    where white space has meaning.
    """
    composed = unicodedata.normalize("NFC", text).translate(_COPIED_ALONG)
    if any(map(_is_hidden, composed)):
        return composed
    if _is_laid_out(composed):
        return composed.rstrip()
    if primary_language(language) != "en":
        return re.sub(r"\s+", " ", composed).strip()
    return canonical_english(fold_typing(composed))


def cache_key(scope: CacheScope, text: str) -> str:
    """The SHA-256, in hexadecimal, of a canonical answer within its scope.

    Scopes that differ in any field share no key, whatever the answers are.
    """
    parts = [CANONICAL_VERSION, asdict(scope), canonical_answer(text, scope.language)]
    encoded = json.dumps(parts, ensure_ascii=True, sort_keys=True).encode()
    return hashlib.sha256(encoded).hexdigest()


def _is_laid_out(text: str) -> bool:
    return "\n" in text.strip() and _CODE.search(text.strip()) is not None


@lru_cache(maxsize=4096)
def _is_hidden(character: str) -> bool:
    if character in _JOINERS or character.isspace():
        return False
    return is_invisible(character) or unicodedata.category(character) in {"Cc", "Cs", "Co"}
