"""Whether what was delivered is right, by code that shares nothing with the product's."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.questions.measurement import Measurement


@dataclass(frozen=True)
class Quality:
    """What an independent look at a set finds."""

    document: str
    requested: int
    delivered: int
    reasons: dict[str, int]
    quotes_found: int
    duplicates: int
    key_shares: dict[int, float]
    choices: int
    blueprint_gaps: int
    flagged: int
    unverified: int
    wrongly_marked: int

    @property
    def reasons_are_exact(self) -> bool:
        return self.requested - self.delivered == sum(self.reasons.values())


def judge(measured: Measurement) -> Quality:
    """Look at a delivered set."""
    question_set = measured.question_set
    questions = question_set["questions"]
    choices = [question for question in questions if question["type"] == "mcq"]
    positions = Counter(question["answer"] for question in choices)
    return Quality(
        document=measured.document,
        requested=question_set["requested"],
        delivered=len(questions),
        reasons=question_set["shortfall_reasons"],
        quotes_found=sum(_stands_on_its_page(question, measured.pages) for question in questions),
        duplicates=_duplicates(questions),
        key_shares={index: positions[index] / max(1, len(choices)) for index in range(4)},
        choices=len(choices),
        blueprint_gaps=_blueprint_gaps(question_set),
        flagged=sum(question["needs_review"] is True for question in questions),
        unverified=sum(question["needs_review"] is None for question in questions),
        wrongly_marked=sum(
            question["source"]["transcribed"]
            is not (question["source"]["page"] in measured.transcribed)
            for question in questions
        ),
    )


def _letters(text: str) -> str:
    """Letters and digits alone, without any of typesetting's doings."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(character for character in folded if character.isalnum())


def _stands_on_its_page(question: dict[str, Any], pages: dict[int, str]) -> bool:
    source = question["source"]
    page = pages.get(source["page"], "")
    wanted = _letters(source["quote"])
    marked = _letters(page[source["start"] : source["end"]])
    return bool(wanted) and wanted in _letters(page) and marked == wanted


def _duplicates(questions: list[dict[str, Any]]) -> int:
    """Questions with an earlier one's stem, or one of its words moved, and the same answer."""
    seen: list[tuple[frozenset[str], str]] = []
    found = 0
    for question in questions:
        words = frozenset(re.findall(r"\w+", question["stem"].casefold()))
        answer = _letters(_answer(question)).casefold()
        found += any(
            words == others
            if not answer
            else (len(words & others) >= 0.9 * len(words | others) and answer == other_answer)
            for others, other_answer in seen
        )
        seen.append((words, answer))
    return found


def _answer(question: dict[str, Any]) -> str:
    match question["type"]:
        case "mcq":
            return str(question["options"][question["answer"]])
        case "fill_blank":
            return str(question["answer"][0])
        case "short_answer":
            return str(question["answer"])
        case _:
            return ""


def _blueprint_gaps(question_set: dict[str, Any]) -> int:
    """Questions that the blueprint wanted of some type, difficulty or level, and that the set
    neither has nor tells as missing."""
    coverage = question_set["coverage"]
    short = question_set["requested"] - len(question_set["questions"])
    gaps = 0
    for wanted, made, name in (
        ("requested_types", "types", "type"),
        ("requested_difficulty", "difficulty", "difficulty"),
        ("requested_bloom", "bloom", "bloom"),
    ):
        counted = Counter(question[name] for question in question_set["questions"])
        gaps += int(dict(counted) != coverage[made])
        missing = sum((Counter(coverage[wanted]) - counted).values())
        gaps += max(0, missing - short)
    return gaps
