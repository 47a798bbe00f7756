"""Turns rules' verdicts and the model's judgements into grades with feedback and provenance."""

import uuid
from datetime import datetime
from typing import Any

from functions.evaluation.feedback import free_feedback, objective_feedback, zero_feedback
from functions.evaluation.judging import Judged
from functions.evaluation.ports import AnswerToGrade, FreeQuestion, NewGrade
from functions.evaluation.prompts import PROMPT_VERSION
from functions.evaluation.rules.answers import Verdict
from functions.evaluation.rules.objective import ObjectiveQuestion, ObjectiveType, grade_objective
from functions.evaluation.rules.off_topic import ZeroReason, zero_by_rule
from functions.evaluation.rules.scoring import Criterion, CriterionStanding, score_free_answer
from functions.evaluation.rules.suspicion import find_suspicions
from shared.database.tables.questions import Question

# Which version of the rules graded: part of every rule grade's provenance.
RULES_VERSION = "rules-2"


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
        feedback=_objective_feedback(question, graded.given, graded.verdict, language),
        source="rule",
        provenance={"rules": RULES_VERSION, "question_version": question.version},
    )


def _objective_feedback(
    question: Question, given: Any, verdict: Verdict, language: str | None
) -> str:
    in_words, told = None, ""
    if verdict is not Verdict.BLANK and question.type == "mcq":
        in_words = str(question.options[given])
        told = str(question.option_feedback[given]) if question.option_feedback else ""
    elif question.type == "fill_blank":
        in_words = given
    return objective_feedback(
        verdict,
        given=in_words,
        told=told,
        explanation=question.explanation,
        page=question.source_label or str(question.source_page),
        language=language,
    )


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
        feedback=zero_feedback(
            reason, text=text or "", page=question.page, language=question.language
        ),
        source="rule",
        criteria=tuple(
            {
                "id": one.id,
                "criterion": one.criterion,
                "met": False,
                "points": 0.0,
                "max_points": one.points,
                "evidence": "",
                "standing": CriterionStanding.NOT_MET.value,
            }
            for one in question.rubric
        ),
        provenance={
            "rules": RULES_VERSION,
            "reason": reason.value,
            "question_version": question.version,
        },
    )


def grade_of(answer: AnswerToGrade, judged: Judged, *, at: datetime) -> NewGrade:
    """The grade that the model's judgement of the criteria adds up to."""
    question, judgement, reply = answer.question, judged.judgement, judged.reply
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
        feedback=free_feedback(
            judgement.feedback,
            scored.criteria,
            text=answer.text,
            number=question.source_page,
            page=question.page,
            language=question.language,
        ),
        source="model",
        criteria=tuple(
            {
                "id": one.id,
                "criterion": texts[one.id],
                "met": one.standing is CriterionStanding.MET,
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
            "batch_size": judged.batch_size,
            "request_tokens": reply.usage.prompt_tokens,
            "reply_tokens": reply.usage.output_tokens,
            "graded_at": at.isoformat(),
        },
    )
