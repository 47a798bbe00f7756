"""Pieces of a sentence that questions are built from: its subject, topics, reason and clauses."""

import re
from dataclasses import dataclass

from scripts.gemini_emulator.language.candidates import Candidate, Reading
from scripts.gemini_emulator.language.words import FUNCTION_WORDS, content_set

_DEFINITION = re.compile(
    r"^(?:(?:The|A|An|Die|Der|Das|Le|La|El|Los|Las|Les) )?"
    r"(?P<subject>[^\W\d_][\w'-]+(?: [^\W\d_][\w-]+){0,2}?) "
    r"(?P<verb>is|are|was|were|ist|sind|est|sont|es|son) "
    r"(?P<description>[^.]{25,180})[.]$"
)
_REASON = re.compile(r",? (?:because|weil|parce que|porque|due to the fact that) ")
_CLAUSE = re.compile(
    r"[,;:،；，、]\s*|\s(?=(?:and|which|that|because|but|while|und|weil|et|qui|y|que)\s)"
)
_DETERMINER = re.compile(r"^(?:an?|the|one|any|small|large|ein|eine|un|une|una)\b", re.I)
_NOUN_KINDS = ("noun", "plural", "name", "acronym", "wide")


@dataclass(frozen=True, slots=True)
class Definition:
    subject: str
    verb: str
    description: str


def definition(candidate: Candidate, reading: Reading) -> Definition | None:
    """`X is a Y` taken apart, when X is a plain term that Y doesn't name again."""
    match = _DEFINITION.match(candidate.statement)
    if match is None:
        return None
    subject = match["subject"]
    if any(word.casefold() in FUNCTION_WORDS for word in subject.split()):
        return None
    if not _DETERMINER.match(match["description"]):
        return None
    if content_set(subject) & content_set(match["description"]):
        return None
    return Definition(
        uncapitalized(subject, reading), match["verb"], match["description"].rstrip(".!。 ")
    )


def uncapitalized(text: str, reading: Reading) -> str:
    """Small first letter, unless the passages always write the word with a capital."""
    first = text.split(maxsplit=1)[0]
    lowered = first[:1].lower() + first[1:]
    if first.isupper() and len(first) > 1:
        return text
    if first.casefold() in FUNCTION_WORDS or re.search(rf"\b{re.escape(lowered)}\b", reading.text):
        return lowered + text[len(first) :]
    return text


def topics(candidate: Candidate, reading: Reading) -> list[str]:
    """What the sentence is about: its noun phrases, most often said first."""
    nouns = [term for term in candidate.terms if term.kind in _NOUN_KINDS]
    nouns.sort(key=lambda term: -min(reading.said(term.text), 6))
    found: list[str] = []
    for term in nouns:
        before = candidate.statement[: term.start].rsplit(None, 1)[-1:] or [""]
        phrase = f"{before[0]} {term.text}"
        is_phrase = before[0].isalpha() and before[0].casefold() not in FUNCTION_WORDS
        if is_phrase and reading.text.count(phrase) >= 2 and term.kind != "wide":
            found.append(uncapitalized(phrase, reading))
        else:
            found.append(term.text)
    return found


def split_reason(sentence: str) -> tuple[str, str] | None:
    """(what is so, why) of a sentence that says both, the reason with its last full stop."""
    parts = _REASON.split(sentence, maxsplit=1)
    if len(parts) != 2 or len(parts[0]) < 15 or len(parts[1]) < 15 or "," in parts[0]:
        return None
    return parts[0], parts[1]


def clauses(sentence: str, given: frozenset[str], most: int = 3) -> list[str]:
    """The sentence in at most `most` pieces that each say two words beyond those `given`."""
    pieces: list[str] = []
    pending = ""
    for piece in _CLAUSE.split(sentence.rstrip(".!。！ ")):
        pending = f"{pending} {piece.strip()}".strip()
        if len(content_set(pending) - given) >= 2 and len(pieces) < most - 1:
            pieces.append(pending)
            pending = ""
    if pending and pieces and len(content_set(pending) - given) < 2:
        pieces[-1] = f"{pieces[-1]} {pending}"
    elif pending:
        pieces.append(pending)
    return pieces
