"""Turns rules' verdicts and the model's judgements into grades with feedback and provenance."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.evaluation.ports import AnswerToGrade, FreeQuestion, NewGrade
from functions.evaluation.prompts import PROMPT_VERSION
from functions.evaluation.rules.answers import Verdict
from functions.evaluation.rules.objective import ObjectiveQuestion, ObjectiveType, grade_objective
from functions.evaluation.rules.off_topic import ZeroReason, zero_by_rule
from functions.evaluation.rules.reply_checking import AnswerJudgement
from functions.evaluation.rules.scoring import Criterion, score_free_answer
from functions.evaluation.rules.suspicion import find_suspicions
from shared.ai import ModelReply
from shared.database.tables.evaluation import CachedGrade
from shared.database.tables.questions import Question

_ZERO_FEEDBACK = {
    ZeroReason.BLANK: "No answer was given.",
    ZeroReason.MARKS_ONLY: "The answer holds no words.",
    ZeroReason.SAYS_NOTHING: "The answer doesn't say anything about the question.",
    ZeroReason.REPEATS_QUESTION: "The answer only repeats the question.",
}


@dataclass(frozen=True)
class RuleSet:
    """Which version of the rules graded: part of every rule grade's provenance."""

    version: str = "rules-1"


def grade_by_rule(
    answer_id: uuid.UUID, question: Question, answer: Any, language: str | None, field: str
) -> NewGrade:
    """The grade of a choice, a true/false or a filled blank.

    Raises InvalidRequest `invalid_answer` naming `field` where the answer has the wrong form.
    """
    graded = grade_objective(
        ObjectiveQuestion(
            type=ObjectiveType(question.type),
            key=question.answer,
            option_count=len(question.options),
            language=language or "en",
        ),
        answer,
        field,
    )
    return NewGrade(
        answer_id=answer_id,
        score=graded.score,
        max_score=graded.max_score,
        verdict=graded.verdict,
        feedback=_objective_feedback(question, graded.given, graded.verdict),
        source="rule",
        provenance={"rules": RuleSet().version, "question_version": question.version},
    )


def _objective_feedback(question: Question, given: Any, verdict: Verdict) -> str:
    page = f" See page {question.source_label or question.source_page}."
    if verdict is Verdict.BLANK:
        return f"No answer was given. {question.explanation}{page}"
    if question.type == "mcq" and question.option_feedback:
        told = str(question.option_feedback[given])
        return told if verdict is Verdict.CORRECT else f"{told} {question.explanation}{page}"
    if verdict is Verdict.CORRECT:
        return f"Right. {question.explanation}"
    return f"Not right. {question.explanation}{page}"


def zero_grade(answer_id: uuid.UUID, question: FreeQuestion, text: str | None) -> NewGrade | None:
    """The grade of a free answer that is worth nothing by rule, or None if a model must judge."""
    reason = zero_by_rule(text, question.stem, question.reference_answer)
    if reason is None:
        return None
    return NewGrade(
        answer_id=answer_id,
        score=0.0,
        max_score=question.max_score,
        verdict=Verdict.BLANK if reason is ZeroReason.BLANK else Verdict.INCORRECT,
        feedback=f"{_ZERO_FEEDBACK[reason]} See page {question.source_page}.",
        source="rule",
        criteria=tuple(
            {
                "id": one.id,
                "criterion": one.criterion,
                "met": False,
                "points": 0.0,
                "max_points": one.points,
                "evidence": "",
            }
            for one in question.rubric
        ),
        provenance={
            "rules": RuleSet().version,
            "reason": reason.value,
            "question_version": question.version,
        },
    )


def cached_grade(answer_id: uuid.UUID, cached: CachedGrade) -> NewGrade:
    """The grade that an equal answer to the same question got before."""
    return NewGrade(
        answer_id=answer_id,
        score=cached.score,
        max_score=cached.max_score,
        verdict=Verdict(cached.verdict),
        feedback=cached.feedback,
        source="cache",
        criteria=tuple(cached.criteria),
        provenance={**cached.provenance, "cached_at": cached.created_at.isoformat()},
    )


def grade_of(
    answer: AnswerToGrade, judgement: AnswerJudgement, reply: ModelReply[Any], *, at: datetime
) -> NewGrade:
    """The grade that the model's judgement of the criteria adds up to."""
    question = answer.question
    texts = {one.id: one.criterion for one in question.rubric}
    scored = score_free_answer(
        [Criterion(one.id, one.points) for one in question.rubric],
        judgement.criteria,
        answer.text,
        suspicions=find_suspicions(answer.text, list(texts.values())),
    )
    return NewGrade(
        answer_id=answer.id,
        score=scored.score,
        max_score=scored.max_score,
        verdict=scored.verdict,
        feedback=judgement.feedback,
        source="model",
        criteria=tuple(
            {
                "id": one.id,
                "criterion": texts[one.id],
                "met": one.points > 0,
                "points": one.points,
                "max_points": one.max_points,
                "evidence": one.evidence,
                "standing": one.standing.value,
            }
            for one in scored.criteria
        ),
        flags=scored.flags,
        provenance={
            "model": reply.model,
            "prompt_version": PROMPT_VERSION,
            "question_version": question.version,
            "key_alias": reply.key_alias,
            "request_tokens": reply.usage.prompt_tokens,
            "reply_tokens": reply.usage.output_tokens,
            "graded_at": at.isoformat(),
        },
    )
