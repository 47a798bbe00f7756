"""Answers questions from the passages alone, without their keys."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.gemini_emulator.language.candidates import read_passages, without_pointers
from scripts.gemini_emulator.language.words import content_set, words

_BLANK = re.compile(r"(?:\b[Aa]\(n\) )?_{3,}")
_QUOTED = re.compile(r"[“„«「](.+)[”“»」]", re.S)


@dataclass(frozen=True, slots=True)
class Evidence:
    text: str
    words: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    content: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Evidence":
        found = tuple(words(text))
        return cls(text, found, _pairs(found), content_set(text))


def _pairs(found: Sequence[str]) -> frozenset[tuple[str, str]]:
    return frozenset(zip(("^", *found), (*found, "$"), strict=True))


def solve_items(data: Mapping[str, Any]) -> dict[str, Any]:
    evidence = [
        Evidence.of(without_pointers(sentence.text))
        for sentence in read_passages(data.get("passages") or []).sentences
    ]
    items = [item for item in data.get("items") or [] if isinstance(item, Mapping)]
    return {"solutions": [_solve(item, evidence) for item in items]}


def _solve(item: Mapping[str, Any], evidence: Sequence[Evidence]) -> dict[str, Any]:
    solution: dict[str, Any] = {"id": item.get("id"), "option": None, "boolean": None, "text": None}
    stem = str(item.get("stem", ""))
    match item.get("type"):
        case "mcq":
            solution["option"] = choose_option(stem, item.get("options") or [], evidence)
        case "true_false":
            solution["boolean"] = support(stem, evidence) >= 0.999
        case "fill_blank":
            solution["text"] = fill_gap(stem, evidence)
        case _:
            solution["text"] = best_sentence(stem, evidence)
    return solution


def choose_option(stem: str, options: Sequence[Any], evidence: Sequence[Evidence]) -> int | None:
    scores = [_option_score(stem, str(option), evidence) for option in options]
    if not scores or max(scores) <= 0:
        return None
    return scores.index(max(scores))


def _option_score(stem: str, option: str, evidence: Sequence[Evidence]) -> float:
    if _BLANK.search(stem):
        quoted = _QUOTED.search(stem)
        statement = quoted.group(1) if quoted else stem
        return support(_BLANK.sub(lambda _: option, statement), evidence)
    if len(words(option)) >= 6:
        return support(option, evidence)
    asked, offered = content_set(stem), content_set(option)
    return max((_near(asked, offered, option, one) for one in evidence), default=0.0)


def _near(asked: frozenset[str], offered: frozenset[str], option: str, sentence: Evidence) -> float:
    """How much a sentence says of the stem's words together with the option's."""
    if not offered & sentence.content:
        return 0.0
    share = len(asked & sentence.content) / max(1, len(asked))
    named = len(offered & sentence.content) / len(offered)
    leads = sentence.text.casefold().startswith(
        (option.casefold(), f"the {option.casefold()}", f"a {option.casefold()}")
    )
    return share * named + (0.1 if leads else 0.0)


def support(statement: str, evidence: Sequence[Evidence]) -> float:
    """The share of the statement's neighbouring words that one sentence says the same way."""
    claimed = [pair for pair in _pairs(words(statement)) if "a" not in pair and "an" not in pair]
    if not claimed:
        return 0.0
    return max(
        (sum(pair in one.pairs for pair in claimed) / len(claimed) for one in evidence),
        default=0.0,
    )


def fill_gap(stem: str, evidence: Sequence[Evidence]) -> str | None:
    """The words that stand in the gap's place in the sentence that is most like the stem."""
    gap = _BLANK.search(stem)
    if gap is None:
        return best_sentence(stem, evidence)
    before = re.escape(stem[: gap.start()].strip()[-25:])
    after = re.escape(stem[gap.end() :].strip()[:25])
    pattern = re.compile(rf"{before}\s*(?:an? )?(.{{1,60}}?)\s*{after}", re.I)
    for one in sorted(evidence, key=lambda one: -len(one.content & content_set(stem)))[:3]:
        match = pattern.search(one.text)
        if match:
            return match.group(1).strip()
    return None


def best_sentence(question: str, evidence: Sequence[Evidence]) -> str | None:
    asked = content_set(question)
    ranked = max(evidence, key=lambda one: len(one.content & asked), default=None)
    return ranked.text if ranked and ranked.content & asked else None
