"""Wrong terms and numbers that could be right: distractors and altered statements."""

import random
import re
from dataclasses import dataclass

from scripts.gemini_emulator.language.candidates import Candidate, Reading
from scripts.gemini_emulator.language.terms import Term
from scripts.gemini_emulator.language.words import stem, words

RELATED_KINDS = {
    "noun": ("noun", "plural"),
    "plural": ("plural", "noun"),
    "adjective": ("adjective",),
    "name": ("name", "acronym"),
    "acronym": ("acronym", "name"),
    "wide": ("wide",),
}
_NUMERIC = ("year", "number", "percentage")


@dataclass(frozen=True, slots=True)
class Alteration:
    text: str
    original: str
    replacement: str


def stand_ins(
    term: Term, candidate: Candidate, reading: Reading, chance: random.Random, count: int
) -> list[str]:
    """At most `count` different terms of the kind of `term` that the sentence doesn't hold."""
    if term.kind in _NUMERIC:
        return _other_numbers(term, candidate.statement, chance, count)
    chosen: list[str] = []
    stems = {stem(word) for word in words(candidate.statement)}
    for kind in RELATED_KINDS[term.kind]:
        for other in _pool(reading, kind, term.text, chance):
            if len(chosen) == count:
                return chosen
            other_stems = {stem(word) for word in words(other)}
            if not other_stems & stems and not _alike(other, term.text):
                chosen.append(other)
                stems |= other_stems
    return chosen


def _pool(reading: Reading, kind: str, text: str, chance: random.Random) -> list[str]:
    """Terms of about the length of `text` in drawn order, those said more than once first."""
    found = reading.terms_by_kind.get(kind, ())
    pool = [other for other in found if abs(len(other) - len(text)) <= 8]
    chance.shuffle(pool)
    return sorted(pool, key=lambda other: reading.said(other) < 2)


def _alike(first: str, second: str) -> bool:
    first, second = first.casefold(), second.casefold()
    return first in second or second in first


def _other_numbers(term: Term, sentence: str, chance: random.Random, count: int) -> list[str]:
    if term.kind == "year":
        year = int(term.text)
        options = [str(year + step) for step in (-31, -18, -11, -7, 6, 12, 19, 27) if year + step]
    else:
        options = _scaled(term.text, is_percentage=term.kind == "percentage")
    options = [option for option in options if option != term.text and option not in sentence]
    chance.shuffle(options)
    return options[:count]


def _scaled(text: str, *, is_percentage: bool) -> list[str]:
    decimals = len(text.rpartition(".")[2]) if "." in text else 0
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return []
    scaled = [value * factor for factor in (0.5, 0.2, 1.5, 2, 3, 10)]
    if value < 20 and not decimals:
        scaled = [value + step for step in (-3, -2, -1, 1, 2, 3, 5) if value + step > 0]
    kept = [number for number in scaled if not is_percentage or number <= 100]
    shape = ",.{}f" if "," in text else ".{}f"
    return list(dict.fromkeys(format(number, shape.format(decimals)) for number in kept))


def replace_term(sentence: str, term: Term, replacement: str) -> str:
    return sentence[: term.start] + replacement + sentence[term.start + len(term.text) :]


def blank_out(sentence: str, term: Term, blank: str = "_____") -> str:
    """The sentence with a gap that no article gives away."""
    return re.sub(rf"\b([Aa])n? {blank}", rf"\1(n) {blank}", replace_term(sentence, term, blank))


def alter(candidate: Candidate, reading: Reading, chance: random.Random) -> Alteration | None:
    """The sentence made wrong in one detail."""
    options = sorted(candidate.terms, key=lambda term: term.kind not in _NUMERIC)
    shift = chance.randrange(len(options))
    for term in options[shift:] + options[:shift]:
        found = stand_ins(term, candidate, reading, chance, 1)
        if found:
            text = replace_term(candidate.statement, term, found[0])
            return Alteration(text, term.text, found[0])
    return None
