"""A teacher's numbers: how the questions of a set worked, and how the learners did."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Select, case, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from functions.evaluation.rules.answers import is_blank
from functions.evaluation.rules.item_analysis import (
    FEWEST_LEARNERS,
    doubted_key,
    item_numbers,
    set_numbers,
)
from functions.evaluation.rules.text_folding import loose_words
from shared.database.tables.evaluation import Answer, Grade, Submission
from shared.database.tables.questions import Question

MOST_LEARNERS = 2000
_MOST_ANSWERS = 10


class ChosenView(BaseModel):
    """An answer and how many learners gave it: an option's index, a boolean or a text."""

    answer: int | bool | str
    count: int
    correct: bool


class KeyDoubtView(BaseModel):
    """Why the key may be wrong, and what the stronger half of the learners preferred to it."""

    doubt: str
    preferred: int | bool | str | None


class ItemView(BaseModel):
    """How one question worked. Numbers that too few learners can't carry are null."""

    question_id: uuid.UUID
    position: int
    type: str
    stem: str
    max_score: float
    facility: float | None
    discrimination: float | None
    verdicts: dict[str, int]
    omitted: int
    chosen: list[ChosenView]
    key_doubt: KeyDoubtView | None


class LearnerView(BaseModel):
    """A learner's first completed submission; `learner` names one without an account.

    `score` counts each question by the first answer that was graded, also of an earlier submission
    that came to no end.
    """

    user_id: uuid.UUID
    learner: str | None
    learner_key: str | None
    submission_id: uuid.UUID
    submitted_at: datetime
    score: float
    max_score: float


class AnalysisView(BaseModel):
    """The numbers of a set, of each learner's first graded answers.

    Those of submissions after the first completed one don't count: the learner has seen the key by
    then. An earlier one that was cancelled or failed counts for the answers that it graded, since
    their verdicts were seen. A question left out counts as 0.
    `small_sample` says that there are fewer than ten learners; what needs more is null.
    """

    question_set_id: uuid.UUID
    learners: int
    small_sample: bool
    max_score: float
    mean: float | None
    standard_deviation: float | None
    reliability: float | None
    standard_error: float | None
    items: list[ItemView]
    scores: list[LearnerView]


@dataclass(frozen=True)
class _Given:
    """An answer as it was graded."""

    answer: Any
    score: float
    verdict: str


@dataclass(frozen=True)
class _Responses:
    """Who answered what: `given` by submission and question."""

    submissions: Sequence[Submission]
    questions: Sequence[Question]
    given: Mapping[tuple[uuid.UUID, uuid.UUID], _Given]

    def matrix(self) -> list[list[float]]:
        """A row of scores for each learner; 0 where a question was left out."""
        return [
            [one.score if (one := self._one(s, q)) else 0.0 for q in self.questions]
            for s in self.submissions
        ]

    def of_item(self, question: Question) -> list[_Given | None]:
        """Each learner's answer to a question."""
        return [self._one(submission, question) for submission in self.submissions]

    def _one(self, submission: Submission, question: Question) -> _Given | None:
        return self.given.get((submission.id, question.id))


def analyse(session: Session, question_set_id: uuid.UUID) -> AnalysisView:
    """The numbers of a question set as it stands now."""
    responses = _responses(session, question_set_id)
    scores = responses.matrix()
    numbers = set_numbers(scores)
    items = [
        _item(question, number, responses, scores)
        for number, question in enumerate(responses.questions)
    ]
    most = round(sum(item.max_score for item in items), 2)
    return AnalysisView(
        question_set_id=question_set_id,
        learners=len(scores),
        small_sample=len(scores) < FEWEST_LEARNERS,
        max_score=most,
        mean=_rounded(numbers.mean),
        standard_deviation=_rounded(numbers.standard_deviation),
        reliability=_rounded(numbers.reliability),
        standard_error=_rounded(numbers.standard_error),
        items=items,
        scores=[
            LearnerView(
                user_id=submission.user_id,
                learner=submission.learner,
                learner_key=submission.learner_key,
                submission_id=submission.id,
                submitted_at=submission.created_at,
                score=round(sum(row), 2),
                max_score=most,
            )
            for submission, row in zip(responses.submissions, scores, strict=True)
        ],
    )


def _responses(session: Session, question_set_id: uuid.UUID) -> _Responses:
    submissions = session.execute(_first_completed(question_set_id)).scalars().all()
    questions = session.execute(
        select(Question)
        .where(Question.question_set_id == question_set_id, Question.removed_at.is_(None))
        .order_by(Question.position)
    ).scalars()
    rows = session.execute(_first_graded(question_set_id, submissions))
    given = {
        (submission_id, question_id): _Given(answer, score, verdict)
        for submission_id, question_id, answer, score, verdict in rows
    }
    return _Responses(submissions, list(questions), given)


# Who answered: an account, and in it a key or, without one, a name.
_LEARNER = (
    Submission.user_id,
    Submission.learner_key,
    case((Submission.learner_key.is_(None), Submission.learner)),
)


def _first_completed(question_set_id: uuid.UUID) -> Select[Submission]:
    return (
        select(Submission)
        .where(Submission.question_set_id == question_set_id, Submission.status == "completed")
        .order_by(*_LEARNER, Submission.id)
        .ext(distinct_on(*_LEARNER))
        .limit(MOST_LEARNERS)
    )


def _first_graded(
    question_set_id: uuid.UUID, completed: Sequence[Submission]
) -> Select[uuid.UUID, uuid.UUID, Any, float, str]:
    """Each learner's first graded answer to each question, up to their first completed submission.

    By that submission's id.
    """
    completed_first = (Submission.status != "completed", Submission.id)
    first = func.first_value(Submission.id).over(partition_by=_LEARNER, order_by=completed_first)
    tried = (
        select(Submission.id, first.label("first"))
        .where(Submission.question_set_id == question_set_id)
        .subquery()
    )
    return (
        select(tried.c.first, Answer.question_id, Answer.answer, Grade.score, Grade.verdict)
        .join(Answer, Answer.submission_id == tried.c.id)
        .join(Grade, Grade.answer_id == Answer.id)
        .where(tried.c.first.in_([one.id for one in completed]), tried.c.id <= tried.c.first)
        .order_by(tried.c.first, Answer.question_id, tried.c.id, Grade.version.desc())
        .ext(distinct_on(tried.c.first, Answer.question_id))
    )


def _item(
    question: Question, number: int, responses: _Responses, scores: Sequence[Sequence[float]]
) -> ItemView:
    worth = sum(float(one["points"]) for one in question.rubric)
    most = round(worth, 2) if question.type == "short_answer" else 1.0
    numbers = item_numbers(scores, number, most)
    given = responses.of_item(question)
    return ItemView(
        question_id=question.id,
        position=question.position,
        type=question.type,
        stem=question.stem,
        max_score=most,
        facility=_rounded(numbers.facility),
        discrimination=_rounded(numbers.discrimination),
        verdicts=dict(Counter(one.verdict for one in given if one)),
        omitted=sum(one is None for one in given),
        chosen=_chosen(question, given),
        key_doubt=_key_doubt(question, number, given, scores, numbers.discrimination),
    )


def _choice(question: Question, given: _Given | None) -> int | bool | str | None:
    """What a learner chose, told apart as a rule would; None for nothing."""
    if given is None or is_blank(given.answer) or question.type == "short_answer":
        return None
    if question.type == "fill_blank":
        return loose_words(str(given.answer)) or str(given.answer).strip()
    chosen: int | bool = given.answer
    return chosen


def _chosen(question: Question, given: Sequence[_Given | None]) -> list[ChosenView]:
    """Every option, also those nobody chose; of blanks the most frequent fillings."""
    counts: Counter[int | bool | str] = Counter()
    right: set[int | bool | str] = set()
    for one in given:
        choice = _choice(question, one)
        if one is None or choice is None:
            continue
        counts[choice] += 1
        if one.verdict == "correct":
            right.add(choice)
    if question.type == "mcq":
        options = range(len(question.options))
        return [
            ChosenView(answer=i, count=counts[i], correct=i == question.answer) for i in options
        ]
    if question.type == "true_false":
        return [
            ChosenView(answer=value, count=counts[value], correct=value is question.answer)
            for value in (True, False)
        ]
    return [
        ChosenView(answer=choice, count=count, correct=choice in right)
        for choice, count in counts.most_common(_MOST_ANSWERS)
    ]


def _key_doubt(
    question: Question,
    number: int,
    given: Sequence[_Given | None],
    scores: Sequence[Sequence[float]],
    discrimination: float | None,
) -> KeyDoubtView | None:
    if question.type == "short_answer":
        return None
    found = doubted_key(
        [_choice(question, one) for one in given],
        [sum(row) - row[number] for row in scores],
        [one is not None and one.verdict == "correct" for one in given],
        discrimination,
    )
    if found is None:
        return None
    preferred = found.preferred if isinstance(found.preferred, int | str) else None
    return KeyDoubtView(doubt=found.doubt.value, preferred=preferred)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
