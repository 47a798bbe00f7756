"""The JSON of the evaluation service."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from unicodedata import category, normalize

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from functions.evaluation.disclosure import Disclosure
from functions.evaluation.reading import Totals
from functions.evaluation.rules.answers import Verdict
from shared.database.tables.evaluation import Answer, Appeal, Grade, Submission
from shared.database.tables.questions import Question
from shared.jobs.schemas import JobView


class AnswerBody(BaseModel):
    """An answer: an option's index, a boolean, or a string; null or "" is blank."""

    model_config = ConfigDict(extra="forbid")

    question_id: uuid.UUID
    answer: (
        Annotated[int, Field(strict=True)]
        | Annotated[bool, Field(strict=True)]
        | Annotated[str, StringConstraints(max_length=200_000)]
        | None
    ) = None

    @field_validator("answer")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("must not hold the character U+0000")
        return value


class SubmitBody(BaseModel):
    """A learner's answers to the questions of one set."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "question_set_id": "01981d4e-7c1a-7b52-9a53-0f6cf2a1d9e3",
                    "answers": [
                        {"question_id": "01981d4e-8d02-7e1f-b1a4-55f0c0a8e611", "answer": 2},
                        {
                            "question_id": "01981d4e-8d03-7a90-8c2e-9b1d5d1f7a02",
                            "answer": "Viruses need a host cell to replicate.",
                        },
                    ],
                }
            ]
        },
    )

    question_set_id: uuid.UUID
    answers: list[AnswerBody] = Field(min_length=1, max_length=500)


def _roster_name(name: str) -> str:
    if any(category(character).startswith("C") for character in name):
        raise ValueError("must not hold control characters")
    return normalize("NFC", name)


_OnRoster = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_roster_name),
]


class LearnerSheetBody(BaseModel):
    """What one learner answered; `learner` is the caller's own name for them, as on a roster.

    `learner_key`, such as a number on the roster, says who it is whatever the name: a learner who
    is renamed keeps it, and two of one name have one each. Without it the name is who it is.
    """

    model_config = ConfigDict(extra="forbid")

    learner: _OnRoster
    learner_key: _OnRoster | None = None
    answers: list[AnswerBody] = Field(min_length=1, max_length=500)


class SubmitClassBody(BaseModel):
    """The answers of a class to the questions of one set; each learner stands once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "question_set_id": "01981d4e-7c1a-7b52-9a53-0f6cf2a1d9e3",
                    "submissions": [
                        {
                            "learner": "Ada",
                            "learner_key": "7b-01",
                            "answers": [
                                {
                                    "question_id": "01981d4e-8d03-7a90-8c2e-9b1d5d1f7a02",
                                    "answer": "Viruses need a host cell to replicate.",
                                }
                            ],
                        },
                        {
                            "learner": "Blaise",
                            "learner_key": "7b-02",
                            "answers": [
                                {
                                    "question_id": "01981d4e-8d03-7a90-8c2e-9b1d5d1f7a02",
                                    "answer": "They cannot multiply on their own.",
                                }
                            ],
                        },
                    ],
                }
            ]
        },
    )

    question_set_id: uuid.UUID
    submissions: list[LearnerSheetBody] = Field(min_length=1, max_length=500)


class KeyView(BaseModel):
    """What was right and why; shown once every answer of the submission is graded."""

    answer: int | bool | str | list[str]
    explanation: str
    option_feedback: list[str]
    rubric: list[dict[str, Any]]


class AppealMark(BaseModel):
    """The newest appeal of an answer."""

    id: uuid.UUID
    status: str


class AnswerView(BaseModel):
    """One answer and the grade in force; the grade's fields are null until there is one.

    Until the submission is completed there is no key, and feedback and criteria give none away.
    """

    question_id: uuid.UUID
    position: int
    type: str
    stem: str
    answer: int | bool | str | None
    score: float | None
    max_score: float
    verdict: Verdict | None
    feedback: str | None
    criteria: list[dict[str, Any]]
    source: Literal["rule", "model", "cache", "human"] | None
    page: int
    page_transcribed: Annotated[
        bool, Field(description="The model read the page from a picture: it may hold errors.")
    ]
    provenance: dict[str, Any] | None
    grade_version: int | None
    flags: list[str]
    ungraded_reason: str | None
    appeal: AppealMark | None
    key: KeyView | None


class TotalsView(BaseModel):
    """The sums over all answers; `score` counts graded answers only."""

    answers: int
    graded: int
    blank: int
    score: float
    max_score: float


class SubmissionSummary(BaseModel):
    """A submission as lists show it.

    `user_id` handed it in; `learner` names a learner without an account whose answers these are,
    `learner_key` is who handed them in's own mark of that learner.
    """

    id: uuid.UUID
    question_set_id: uuid.UUID
    user_id: uuid.UUID
    learner: str | None
    learner_key: str | None
    job_id: uuid.UUID | None
    status: Literal["grading", "completed", "failed"]
    created_at: datetime
    completed_at: datetime | None
    totals: TotalsView


class SubmissionView(SubmissionSummary):
    """A submission with its answers."""

    answers: list[AnswerView]


class SubmittedView(BaseModel):
    """The answer to a submission; `job` is null when nothing is left for the model."""

    submission: SubmissionView
    job: JobView | None


class ClassSubmittedView(BaseModel):
    """The answer to a class's submissions, in their order; `job` is null when nothing is left."""

    submissions: list[SubmissionSummary]
    job: JobView | None


def submission_summary(submission: Submission, totals: Totals) -> SubmissionSummary:
    """A submission without its answers."""
    return SubmissionSummary(**_head(submission, totals))


def submission_view(
    submission: Submission,
    answers: Sequence[tuple[Answer, Question]],
    grades: dict[uuid.UUID, Grade],
    appeals: dict[uuid.UUID, Appeal],
    disclosure: Disclosure,
) -> SubmissionView:
    """A submission with its answers, the grades in force and the newest appeals."""
    totals = Totals(
        answers=len(answers),
        graded=len(grades),
        blank=sum(1 for grade in grades.values() if grade.verdict == Verdict.BLANK),
        score=round(sum(grade.score for grade in grades.values()), 2),
        max_score=round(sum(answer.max_score for answer, _ in answers), 2),
    )
    return SubmissionView(
        **_head(submission, totals),
        answers=[
            _answer_view(row, question, grades.get(row.id), appeals.get(row.id), disclosure)
            for row, question in answers
        ],
    )


def _head(submission: Submission, totals: Totals) -> dict[str, Any]:
    return {
        "id": submission.id,
        "question_set_id": submission.question_set_id,
        "user_id": submission.user_id,
        "learner": submission.learner,
        "learner_key": submission.learner_key,
        "job_id": submission.job_id,
        "status": submission.status,
        "created_at": submission.created_at,
        "completed_at": submission.completed_at,
        "totals": TotalsView(**asdict(totals)),
    }


def _answer_view(
    answer: Answer,
    question: Question,
    grade: Grade | None,
    appeal: Appeal | None,
    disclosure: Disclosure,
) -> AnswerView:
    return AnswerView(
        question_id=answer.question_id,
        position=answer.position,
        type=question.type,
        stem=question.stem,
        answer=answer.answer,
        score=grade.score if grade else None,
        max_score=answer.max_score,
        verdict=Verdict(grade.verdict) if grade else None,
        feedback=disclosure.feedback(grade, question) if grade else None,
        criteria=disclosure.criteria(grade.criteria) if grade else [],
        source=grade.source if grade else None,
        page=question.source_page,
        page_transcribed=question.source_transcribed,
        provenance=grade.provenance if grade else None,
        grade_version=grade.version if grade else None,
        flags=answer.flags,
        ungraded_reason=answer.ungraded_reason if grade is None else None,
        appeal=AppealMark(id=appeal.id, status=appeal.status) if appeal else None,
        key=_key_view(question) if grade and disclosure.closed else None,
    )


def _key_view(question: Question) -> KeyView:
    return KeyView(
        answer=question.answer,
        explanation=question.explanation,
        option_feedback=question.option_feedback,
        rubric=question.rubric,
    )
