"""Grades answers by how many of each criterion's words they say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.gemini_emulator.language.phrases import Phrases, phrases_for
from scripts.gemini_emulator.language.words import content_set, negated

NEEDED_SHARE = 0.5
_TELLING = content_set(
    "names states mentions says describes explains gives identifies correctly answer student "
    "learner nennt sagt cite dit nombra dice"
)
_CLAUSE_END = re.compile(r"(?<=[.!?;。！？；؟۔])\s*|\n+")


@dataclass(frozen=True, slots=True)
class Judgement:
    met: bool
    evidence: str


def grade_answers(data: Mapping[str, Any]) -> dict[str, Any]:
    questions = {
        question.get("ref"): question
        for question in data.get("questions") or []
        if isinstance(question, Mapping)
    }
    answers = [answer for answer in data.get("answers") or [] if isinstance(answer, Mapping)]
    return {
        "answers": [
            grade(answer, questions.get(answer.get("question_ref"), {})) for answer in answers
        ]
    }


def grade(answer: Mapping[str, Any], question: Mapping[str, Any]) -> dict[str, Any]:
    """Judge each criterion; feedback quotes the learner and never tells what is missing."""
    text = str(answer.get("text", ""))
    criteria = [one for one in question.get("criteria") or [] if isinstance(one, Mapping)]
    judged = [(one.get("id"), judge(text, one, question)) for one in criteria]
    language = question.get("language")
    phrases = phrases_for(str(language) if language else None, text)
    return {
        "id": answer.get("id"),
        "criteria": [
            {"id": criterion, "met": found.met, "evidence": found.evidence}
            for criterion, found in judged
        ],
        "feedback": feedback([found for _, found in judged], question, phrases),
    }


def judge(text: str, criterion: Mapping[str, Any], question: Mapping[str, Any]) -> Judgement:
    """Met when half of the criterion's own words are said, in the criterion's sense."""
    wording = str(criterion.get("criterion", ""))
    wanted = content_set(wording) - _TELLING
    own = wanted - content_set(str(question.get("stem", ""))) or wanted
    if not own:
        wanted = own = content_set(str(question.get("reference_answer", "")))
    said = content_set(text)
    if not own or len(own & said) < max(1, NEEDED_SHARE * len(own)):
        return Judgement(False, "")
    evidence = _closest_clause(text, wanted)
    reference = f"{wording} {question.get('reference_answer', '')}"
    if negated(evidence) and not (negated(wording) or negated(reference)):
        return Judgement(False, "")
    return Judgement(True, evidence)


def _closest_clause(text: str, wanted: frozenset[str]) -> str:
    """The learner's own sentence that says most of it, verbatim."""
    clauses = [clause.strip() for clause in _CLAUSE_END.split(text) if clause.strip()]
    return max(clauses, key=lambda clause: len(content_set(clause) & wanted), default="")[:300]


def feedback(judged: list[Judgement], question: Mapping[str, Any], phrases: Phrases) -> str:
    missing = sum(not one.met for one in judged)
    quote = next((one.evidence for one in judged if one.met), "")
    if judged and not missing:
        return phrases.full.format(quote=quote)
    told = (
        phrases.partial.format(quote=quote, missing=missing, total=len(judged))
        if quote
        else phrases.none
    )
    page = question.get("source_page")
    return told + phrases.reread.format(page=page) if page is not None else told
