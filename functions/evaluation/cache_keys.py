"""Under which key an answer's grade is found again: its strict canonical form in its scope."""

import hashlib
import json
from dataclasses import asdict, dataclass

from functions.evaluation.ports import AnswerToGrade
from functions.evaluation.prompts import PROMPT_VERSION
from functions.evaluation.rules.canonical_answer import (
    CANONICAL_VERSION,
    CacheScope,
    cache_key,
    canonical_answer,
)


@dataclass(frozen=True)
class CacheAddress:
    """Where an answer's grade is kept: `scope` is shared by all answers it may be compared with."""

    key: str
    scope: str


def answer_canonical(answer: AnswerToGrade) -> str:
    """What two answers of one question must share to be graded as one."""
    return canonical_answer(answer.text, answer.question.language or "und")


def cache_address(answer: AnswerToGrade, model: str) -> CacheAddress:
    """The address of an answer; any change of question, rubric, prompt or model changes it."""
    scope = _scope(answer, model)
    named = json.dumps([CANONICAL_VERSION, asdict(scope)], sort_keys=True)
    return CacheAddress(cache_key(scope, answer.text), hashlib.sha256(named.encode()).hexdigest())


def _scope(answer: AnswerToGrade, model: str) -> CacheScope:
    question = answer.question
    rubric = [[one.id, one.criterion, one.points] for one in question.rubric]
    rubric_hash = hashlib.sha256(
        json.dumps([question.stem, question.reference_answer, rubric]).encode()
    ).hexdigest()
    return CacheScope(
        tenant_id=str(question.tenant_id),
        question_id=str(question.id),
        question_version=question.version,
        rubric_hash=rubric_hash,
        max_score=question.max_score,
        language=question.language or "und",
        model=model,
        prompt_version=PROMPT_VERSION,
    )
