"""Which sentences of the passages are worth a question, best first."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scripts.gemini_emulator.language.sentences import Sentence, split_page
from scripts.gemini_emulator.language.terms import Term, frequencies, terms
from scripts.gemini_emulator.language.words import IDEOGRAPHS, content_set

SHORTEST, LONGEST = 30, 300
_WIDE = re.compile(f"[{IDEOGRAPHS}]")
_REFERENCE = re.compile(
    r"\[\d+\]|\((?:see )?(?:fig|table|section|chapter)"
    r"|\b(?:figure|fig\.|table) ?\d|et al|\bpp?\. ?\d"
    r"|\(\d{4}\)|\bcredit\b",
    re.I,
)
_POINTER = re.compile(r"\s*[(\[](?:see )?(?:also )?(?:fig|table|section|chapter)[^)\]]*[)\]]", re.I)
_EXERCISE = re.compile(
    r"(briefly|compare|contrast|name|give|state|match|label|draw|what|why|how|which|who|true|false"
    r"|explain|describe|discuss|list|identify|define|imagine|recall|note|summarize|suppose)\b",
    re.I,
)
_CHOICES = re.compile(r"_{2,}|(?:^|\s)[A-E][.)]\s|\.{3,}|…")
_CONTEXT = re.compile(
    r"(this|that|these|those|it|its|they|their|he|she|his|her|such|however|therefore|thus|hence"
    r"|but|and|so|or|also|for example|for instance|in addition|moreover|furthermore|as a result"
    r"|consequently|instead|another|other|both|then|next|finally|here|there|initially|when|if"
    r"|figure|table)\b",
    re.I,
)
_ADDRESS = re.compile(r"\b(you|your|we|our|us|i|my|let's|chapter|learning|textbook)\b", re.I)


@dataclass(frozen=True, slots=True)
class Candidate:
    """`statement` is the sentence without its pointers to figures; terms stand in it."""

    sentence: Sentence
    statement: str
    terms: tuple[Term, ...]
    content: frozenset[str]
    worth: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The passages as read: all sentences, the whole statements among them, what to ask about."""

    sentences: tuple[Sentence, ...]
    statements: tuple[Sentence, ...]
    candidates: tuple[Candidate, ...]
    frequency: Mapping[str, int]
    text: str
    terms_by_kind: Mapping[str, tuple[str, ...]]

    def said(self, term: str) -> int:
        return self.frequency.get(term.casefold(), 0)


def read_passages(passages: Iterable[Mapping[str, Any]]) -> Reading:
    return _read(
        tuple(
            (int(passage.get("page") or 0), passage["text"])
            for passage in passages
            if isinstance(passage, Mapping) and isinstance(passage.get("text"), str)
        )
    )


@lru_cache(maxsize=256)
def _read(pages: tuple[tuple[int, str], ...]) -> Reading:
    sentences = [sentence for page, text in pages for sentence in split_page(text, page)]
    usable = [sentence for sentence in sentences if is_usable(sentence.text)]
    frequency = frequencies(sentence.text for sentence in sentences)
    text = "\n".join(sentence.text for sentence in sentences)
    seen: set[str] = set()
    candidates: list[Candidate] = []
    for sentence in usable:
        if sentence.text in seen:
            continue
        seen.add(sentence.text)
        statement = without_pointers(sentence.text)
        found = terms(statement)
        if found:
            content = content_set(statement)
            worth = _worth(sentence, found, frequency)
            candidates.append(Candidate(sentence, statement, found, content, worth))
    by_kind: dict[str, dict[str, None]] = {}
    for candidate in candidates:
        for term in candidate.terms:
            by_kind.setdefault(term.kind, {})[term.text] = None
    return Reading(
        tuple(sentences),
        tuple(usable),
        tuple(candidates),
        frequency,
        text,
        {kind: tuple(found) for kind, found in by_kind.items()},
    )


def without_pointers(text: str) -> str:
    return _POINTER.sub("", text)


def is_usable(text: str) -> bool:
    """A whole, self-standing statement rather than a heading, caption, question or exercise."""
    wide = len(_WIDE.findall(text))
    length = len(text) + 2 * wide
    if not SHORTEST <= length <= LONGEST or not re.search(r"[.!。！۔।][\"”’)」』]*$", text):
        return False
    if text[0].islower() or not (text[0].isalpha() or text[0] in "“\"'«「『"):
        return False
    if _ADDRESS.search(text) or sum(map(str.isdigit, text)) > 0.15 * len(text):
        return False
    if not text.isprintable() or _EXERCISE.match(text) or _CHOICES.search(text):
        return False
    letters = sum(map(str.isalpha, text))
    return letters > 0.65 * len(text.replace(" ", "")) and text.count(".") <= 4


def _worth(sentence: Sentence, found: Sequence[Term], frequency: Counter[str]) -> float:
    text = sentence.text
    worth = 1.0 + 0.15 * min(len(found), 6)
    worth += 0.05 * sum(min(frequency[term.text.casefold()], 8) for term in found) / len(found)
    if _CONTEXT.match(text):
        worth -= 1.2
    if _REFERENCE.search(text):
        worth -= 0.8
    if sentence.is_broken:
        worth -= 0.5
    if re.search(r"\b(is|are|was|were|called|known as|consists? of|causes?|contains?)\b", text):
        worth += 0.3
    return worth - max(0, len(text) - 180) / 200
