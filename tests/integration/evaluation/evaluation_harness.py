"""An evaluation on a real database: a question set, its learners, and the steps of a job."""

import asyncio
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.evaluation.deadlines import Deadlines
from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.grade_store import grades_in_force
from functions.evaluation.judging import Judge
from functions.evaluation.pipeline import EvaluationPipeline
from functions.evaluation.prompts import AnswerReply, CriterionReply, GradingReply
from functions.evaluation.regrading import Regraded, Regrading
from functions.evaluation.schemas import AnswerBody, LearnerSheetBody
from functions.evaluation.service import ClassSubmitted, EvaluationService, Submitted
from functions.evaluation.settings import CachePolicy
from functions.evaluation.store import PostgresEvaluationStore
from shared.ai import ModelRequest
from shared.database.engine import Database
from shared.database.tables.evaluation import Answer, Grade, Submission
from shared.database.tables.questions import Question, QuestionVersion, RegradeRequest
from shared.errors import JobCancelled
from shared.identifiers import new_id
from shared.jobs.model import Claim
from shared.jobs.store import JobStore
from shared.sessions import Caller
from tests.factories.drafts import data_of
from tests.factories.rows import SENTENCES, add_document, add_question_set, add_user
from tests.fakes.language_model import FakeLanguageModel


def judge(request: ModelRequest[Any]) -> GradingReply:
    """Every criterion is met by the answer's first word."""
    criteria = {one["ref"]: one["criteria"] for one in data_of(request, "questions")}
    return GradingReply(
        answers=[
            AnswerReply(
                id=answer["id"],
                criteria=[
                    CriterionReply(id=one["id"], met=True, evidence=answer["text"].split()[0])
                    for one in criteria[answer["question_ref"]]
                ],
                feedback=f"You wrote {answer['text'].split()[0]}.",
            )
            for answer in data_of(request, "answers")
        ]
    )


def judge_nothing_met(request: ModelRequest[Any]) -> GradingReply:
    """No criterion is met."""
    reply = judge(request)
    for answer in reply.answers:
        for criterion in answer.criteria:
            criterion.met, criterion.evidence = False, ""
    return reply


def texts_of(request: ModelRequest[Any]) -> list[str]:
    """The answers that a request is about."""
    return [answer["text"] for answer in data_of(request, "answers")]


class Evaluation:
    """A question set, its owner and a learner, and the means to run an evaluation's steps."""

    def __init__(
        self,
        database: Database,
        model: FakeLanguageModel,
        *,
        free_questions: int = 1,
        policy: CachePolicy = CachePolicy.STRICT,
    ) -> None:
        self.database = database
        self.model = model
        self.cached_model = "fake-model"
        self._policy = policy
        self.pipeline = EvaluationPipeline(
            self.open_store, Judge(lambda: self.model, single_calls=4), lambda _: None
        )
        with database.transaction() as session:
            self.owner = add_user(session)
            self.learner = add_user(session)
            document = add_document(session, self.owner, (" ".join(SENTENCES),))
            self.set_id = add_question_set(session, document, status="published").id
            add_free_questions(session, self.set_id, free_questions - 1)
            query = select(Question).where(Question.question_set_id == self.set_id)
            rows = list(session.execute(query.order_by(Question.position)).scalars())
        self.questions = {row.type: row.id for row in reversed(rows)}
        self.free = [row.id for row in rows if row.type == "short_answer"]

    def answer_by(self, answer: Any) -> None:
        """From now on the model answers so; the requests so far stay counted."""
        requests = self.model.requests
        self.model = FakeLanguageModel(answer=answer)
        self.model.requests = requests

    def cache(self, session: Session) -> GradeCache:
        return GradeCache(session, model=self.cached_model, policy=self._policy)

    @contextmanager
    def open_store(self) -> Iterator[PostgresEvaluationStore]:
        with self.database.transaction() as session:
            yield PostgresEvaluationStore(session, self.cache(session))

    def submit(self, **answers: Any) -> Submitted:
        """Answers by the question's type."""
        return self.hand_in({self.questions[kind]: one for kind, one in answers.items()})

    def submit_free(self, answers: Sequence[str]) -> Submitted:
        """Answers to the free questions, in order."""
        return self.hand_in(dict(zip(self.free, answers, strict=False)))

    def hand_in(self, answers: dict[uuid.UUID, Any], user_id: uuid.UUID | None = None) -> Submitted:
        bodies = [AnswerBody(question_id=one, answer=answer) for one, answer in answers.items()]
        with self.database.transaction() as session:
            return self._service(session, user_id or self.learner.id).submit(self.set_id, bodies)

    def hand_in_class(self, answers: Mapping[str, Mapping[uuid.UUID, Any]]) -> ClassSubmitted:
        """Answers by the learner's name and the question, handed in by the set's owner."""
        sheets = [
            LearnerSheetBody(
                learner=learner,
                answers=[AnswerBody(question_id=one, answer=text) for one, text in given.items()],
            )
            for learner, given in answers.items()
        ]
        with self.database.transaction() as session:
            return self._service(session, self.owner.id).submit_class(self.set_id, sheets)

    def _service(self, session: Session, user_id: uuid.UUID) -> EvaluationService:
        return EvaluationService(
            session,
            Caller(user_id, uuid.uuid4(), "learner"),
            self.cache(session),
            batch_size=8,
            deadlines=Deadlines(timedelta(minutes=5), timedelta(hours=2), calls_a_minute=10),
            most_characters=200_000,
            most_class_answers=4000,
        )

    def edit(self, question_id: uuid.UUID, **content: Any) -> None:
        """Edit a question as the questions service does, with a request for regrading."""
        with self.database.transaction() as session:
            question = session.get_one(Question, question_id)
            before = {name: getattr(question, name) for name in ("options", "answer", "rubric")}
            session.add(
                QuestionVersion(
                    question_id=question.id,
                    version=question.version,
                    content=before,
                    replaced_by=self.owner.id,
                )
            )
            question.version += 1
            for name, value in content.items():
                setattr(question, name, value)
            session.add(
                RegradeRequest(
                    question_id=question.id,
                    question_version=question.version,
                    requested_by=self.owner.id,
                )
            )

    def handle_requests(self) -> list[Regraded]:
        """Handle every open request for regrading, as the sweep does."""
        with self.database.transaction() as session:
            regrading = self.regrading(session)
            handled = [regrading.handle(one) for one in regrading.open_questions(100)]
            return [one for one in handled if one is not None]

    def regrading(self, session: Session) -> Regrading:
        return Regrading(session, batch_size=8, deadline=timedelta(minutes=5))

    def claim(self, job_id: uuid.UUID, ordinal: int = 1, seconds: int = 30) -> Claim:
        with self.database.transaction() as session:
            claim = JobStore(session).claim(job_id, ordinal, timedelta(seconds=seconds))
        assert isinstance(claim, Claim), claim
        return claim

    def run(self, submitted: Submitted) -> None:
        assert submitted.job is not None
        self.run_job(submitted.job.id, submitted.ordinals)

    def run_job(self, job_id: uuid.UUID, ordinals: Sequence[int] = (1,)) -> None:
        for ordinal in ordinals:
            asyncio.run(self.pipeline.grade(self.claim(job_id, ordinal)))
        # The last batch has completed the submission, unless something was left open.
        with suppress(JobCancelled):
            self.pipeline.finish(job_id)

    def grades(self, submitted: Submitted) -> list[Grade]:
        """The grades in force, in the answers' order."""
        with self.database.transaction() as session:
            in_force = grades_in_force(session, submitted.submission.id)
            return [in_force[one.id] for one in self.answers(submitted) if one.id in in_force]

    def answers(self, submitted: Submitted) -> list[Answer]:
        with self.database.transaction() as session:
            query = select(Answer).where(Answer.submission_id == submitted.submission.id)
            return list(session.execute(query.order_by(Answer.position)).scalars())

    def status(self, submitted: Submitted) -> str:
        with self.database.transaction() as session:
            return session.get_one(Submission, submitted.submission.id).status


def add_free_questions(session: Session, set_id: uuid.UUID, count: int) -> None:
    """More short-answer questions of two criteria, one point each."""
    for number in range(count):
        session.add(
            Question(
                id=new_id(),
                question_set_id=set_id,
                chunk=1,
                position=100 + number,
                version=1,
                type="short_answer",
                stem=f"What does part number {number} of a cell do, and how?",
                options=[],
                answer=f"Part {number} keeps the cell alive by work {number}.",
                rubric=[
                    {"id": "c1", "criterion": f"Names part {number}.", "points": 1.0},
                    {"id": "c2", "criterion": f"Says which work {number} it does.", "points": 1.0},
                ],
                explanation="So it is.",
                option_feedback=[],
                difficulty="easy",
                bloom="remember",
                source_page=1,
                source_label="p1",
                source_quote=SENTENCES[0],
                source_start=0,
                source_end=len(SENTENCES[0]),
            )
        )
    session.flush()
