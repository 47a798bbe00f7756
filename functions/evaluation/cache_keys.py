"""Under which key an answer's grade is found again: its strict canonical form in its scope."""

import hashlib
import json

from functions.evaluation.ports import AnswerToGrade
from functions.evaluation.prompts import PROMPT_VERSION
from functions.evaluation.rules.canonical_answer import CacheScope, cache_key, canonical_answer


def answer_canonical(answer: AnswerToGrade) -> str:
    """What two answers of one question must share to be graded as one."""
    return canonical_answer(answer.text, answer.question.language or "und")


def answer_key(answer: AnswerToGrade, model: str) -> str:
    """The cache's key of an answer; any change of question, rubric, prompt or model changes it."""
    question = answer.question
    rubric = [[one.id, one.criterion, one.points] for one in question.rubric]
    rubric_hash = hashlib.sha256(
        json.dumps([question.stem, question.reference_answer, rubric]).encode()
    ).hexdigest()
    scope = CacheScope(
        tenant_id="default",
        question_id=str(question.id),
        question_version=question.version,
        rubric_hash=rubric_hash,
        max_score=question.max_score,
        language=question.language or "und",
        model=model,
        prompt_version=PROMPT_VERSION,
    )
    return cache_key(scope, answer.text)
