"""The JSON of appeals, overrides and an answer's history."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from functions.evaluation.appeals import AppealedAnswer
from functions.evaluation.disclosure import EVERYTHING, Disclosure
from functions.evaluation.rules.answers import Verdict
from shared.database.tables.evaluation import Grade
from shared.database.tables.questions import Question
from shared.jobs.schemas import JobView

AppealStatus = Literal[
    "grading", "open", "failed", "confirmed", "accepted", "rejected", "overridden"
]


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold the character U+0000")
    return text


Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(_storable),
]


class AppealBody(BaseModel):
    """Why a learner doubts the grade."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "I wrote that the host cell is needed."}]},
    )

    reason: Reason


class OverrideBody(BaseModel):
    """A person's own grade. Without `feedback` the learner reads the reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"score": 1.5, "reason": "“Host” is named, in other words."}]
        },
    )

    score: float = Field(strict=True, ge=0, le=1000, allow_inf_nan=False)
    reason: Reason
    feedback: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, max_length=4000),
            AfterValidator(_storable),
        ]
        | None
    ) = None


class DecisionBody(BaseModel):
    """Whether the fresh grade takes the doubted one's place."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"accept": True, "reason": "The fresh grading is right."}]},
    )

    accept: bool = Field(strict=True)
    reason: Reason


class GradeView(BaseModel):
    """One grade of an answer; the highest version is in force."""

    version: int
    score: float
    max_score: float
    verdict: Verdict
    feedback: str
    criteria: list[dict[str, Any]]
    source: Literal["rule", "model", "cache", "human"]
    provenance: dict[str, Any]
    created_at: datetime


class FreshGradeView(BaseModel):
    """What the fresh single grading said."""

    score: float
    max_score: float
    verdict: Verdict
    feedback: str
    criteria: list[dict[str, Any]]
    provenance: dict[str, Any]
    flags: list[str]


class AppealView(BaseModel):
    """An appeal: `grading` anew, `open` for a teacher, or how it ended.

    `confirmed`: the fresh grading gave the same points. `failure` says why there is no fresh one.
    """

    id: uuid.UUID
    submission_id: uuid.UUID
    question_id: uuid.UUID
    question_set_id: uuid.UUID
    user_id: uuid.UUID
    job_id: uuid.UUID | None
    status: AppealStatus
    reason: str
    stem: str
    answer: int | bool | str | None
    doubted_version: int | None
    doubted_source: Literal["rule", "model", "cache", "human"] | None
    grade: GradeView | None
    fresh: FreshGradeView | None
    differs: bool | None
    failure: str | None
    decision_reason: str | None
    created_at: datetime
    decided_at: datetime | None


class AppealedView(BaseModel):
    """An appeal as it was made; `job` is null where no model is asked."""

    appeal: AppealView
    job: JobView | None


class HistoryView(BaseModel):
    """Every grade of an answer and every appeal, the first one first."""

    question_id: uuid.UUID
    grades: list[GradeView]
    appeals: list[AppealView]


def grade_view(grade: Grade, question: Question, disclosure: Disclosure = EVERYTHING) -> GradeView:
    """The view of a grade's row, as far as it may be told."""
    return GradeView(
        version=grade.version,
        score=grade.score,
        max_score=grade.max_score,
        verdict=Verdict(grade.verdict),
        feedback=disclosure.feedback(grade, question),
        criteria=disclosure.criteria(grade.criteria),
        source=grade.source,
        provenance=grade.provenance,
        created_at=grade.created_at,
    )


def appeal_view(appealed: AppealedAnswer) -> AppealView:
    """The view of an appeal with its answer and the grade in force."""
    appeal, question, disclosure = appealed.appeal, appealed.question, appealed.disclosure
    return AppealView(
        id=appeal.id,
        submission_id=appealed.submission.id,
        question_id=question.id,
        question_set_id=appealed.submission.question_set_id,
        user_id=appealed.submission.user_id,
        job_id=appeal.job_id,
        status=appeal.status,
        reason=appeal.reason,
        stem=question.stem,
        answer=appealed.answer.answer,
        doubted_version=appeal.grade_version,
        doubted_source=appeal.grade_source,
        grade=grade_view(appealed.grade, question, disclosure) if appealed.grade else None,
        fresh=_fresh_view(appeal.fresh, disclosure) if appeal.fresh else None,
        differs=appeal.differs,
        failure=appeal.failure,
        decision_reason=appeal.decision_reason,
        created_at=appeal.created_at,
        decided_at=appeal.decided_at,
    )


def _fresh_view(fresh: dict[str, Any], disclosure: Disclosure) -> FreshGradeView:
    criteria = disclosure.criteria(fresh["criteria"])
    return FreshGradeView.model_validate({**fresh, "criteria": criteria})
