"""A generation on a real database, step by step."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.questions.finished_sets import FinishedSets
from functions.questions.pipeline import GenerationOptions, GenerationPipeline
from functions.questions.rules.model import GenerationParameters
from functions.questions.service import QuestionService
from functions.questions.store import PostgresGenerationStore
from shared.ai import ModelRequest
from shared.database.engine import Database
from shared.database.tables.jobs import Job
from shared.database.tables.questions import Question, QuestionSet
from shared.errors import JobCancelled
from shared.jobs.model import Claim
from shared.jobs.store import JobStore
from shared.web.authentication import Caller
from tests.factories.drafts import solve
from tests.factories.rows import add_document, add_user
from tests.fakes.language_model import FakeLanguageModel


def _sentence(number: int) -> str:
    """A sentence that shares no content word with any other."""
    names = [f"{name}{number}" for name in ("brin", "dalo", "fent", "goru", "hask")]
    return f"The {names[0]} of {names[1]} turns {names[2]} into {names[3]} for {names[4]}."


TEXTS = tuple(
    " ".join(_sentence(number) for number in range(page * 10, page * 10 + 10))
    for page in range(1, 5)
)


class Generation:
    """A requested generation, and the means to run its steps."""

    def __init__(
        self,
        database: Database,
        cache: Redis,
        answer: Any,
        count: int = 12,
        *,
        options: GenerationOptions | None = None,
        fresh: bool = False,
        texts: tuple[str, ...] = TEXTS,
    ) -> None:
        self.database = database
        self.cache = cache
        self.announced: list[uuid.UUID] = []
        self.model = FakeLanguageModel(answer=lambda request: _reply(answer, request))
        self.pipeline = GenerationPipeline(
            self._open,
            lambda: self.model,
            self.announced.append,
            options or GenerationOptions(chunks_per_batch=1),
        )
        with database.transaction() as session:
            self.user = add_user(session)
            self.document = add_document(session, self.user, texts)
        self.count = count
        self.job_id, self.set_id = self.request(GenerationParameters(count), fresh=fresh)

    @contextmanager
    def _open(self) -> Iterator[PostgresGenerationStore]:
        with self.database.transaction() as session:
            yield PostgresGenerationStore(session)

    def request(
        self, parameters: GenerationParameters, *, fresh: bool = False
    ) -> tuple[uuid.UUID, uuid.UUID]:
        caller = Caller(self.user.id, uuid.uuid4(), "learner")
        with self.database.transaction() as session:
            service = self.service(session, caller)
            job, question_set = service.request(self.document.id, parameters, fresh=fresh)
            return job.id, question_set.id

    def service(self, session: Session, caller: Caller | None = None) -> QuestionService:
        return QuestionService(
            session,
            caller or Caller(self.user.id, uuid.uuid4(), "learner"),
            model="gemini",
            deadline=timedelta(minutes=5),
            finished_sets=FinishedSets(self.cache),
        )

    def claim(self, ordinal: int) -> Claim:
        with self.database.transaction() as session:
            claim = JobStore(session).claim(self.job_id, ordinal, timedelta(seconds=30))
        assert isinstance(claim, Claim)
        return claim

    def generate(self, ordinals: list[int]) -> None:
        for ordinal in ordinals:
            asyncio.run(self.pipeline.generate(self.claim(ordinal)))

    def run(self) -> None:
        ordinals = self.pipeline.plan(self.job_id)
        while ordinals:
            self.generate(ordinals)
            ordinals = self._finish()

    def _finish(self) -> list[int]:
        try:
            return self.pipeline.finish(self.job_id)
        except JobCancelled:
            return []

    def job(self) -> Job:
        with self.database.transaction() as session:
            return session.get_one(Job, self.job_id)

    def question_set(self) -> QuestionSet:
        with self.database.transaction() as session:
            return session.get_one(QuestionSet, self.set_id)

    def questions(self) -> list[Question]:
        with self.database.transaction() as session:
            query = select(Question).where(
                Question.question_set_id == self.set_id, Question.removed_at.is_(None)
            )
            return list(session.execute(query.order_by(Question.position)).scalars())

    def events(self) -> list[dict[str, Any]]:
        with self.database.transaction() as session:
            return [event.frame() for event in JobStore(session).events(self.job_id, 0)]


def _reply(answer: Any, request: ModelRequest[Any]) -> Any:
    """What a test says to a wish for questions; blind solves are right unless it says more."""
    if request.purpose == "verify" and not getattr(answer, "solves", False):
        return solve(request)
    return answer(request) if callable(answer) else answer
