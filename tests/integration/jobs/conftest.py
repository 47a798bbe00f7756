"""A user with jobs, and a worker whose outside is fake."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shared.database.engine import Database
from shared.database.tables.users import User
from shared.jobs.model import ChunkPlan, JobKind
from shared.jobs.store import JobStore
from shared.jobs.worker import ChunkMessage, ChunkWorker
from tests.fakes.queue import FakeChunkQueue
from tests.fakes.state_machine import FakeTaskTokens

OpenJobs = Callable[[], AbstractContextManager[JobStore]]


@pytest.fixture
def open_jobs(database: Database) -> OpenJobs:
    @contextmanager
    def opened() -> Iterator[JobStore]:
        with database.transaction() as session:
            yield JobStore(session)

    return opened


@pytest.fixture
def user_id(database: Database) -> uuid.UUID:
    return add_user(database)


def add_user(database: Database) -> uuid.UUID:
    with database.transaction() as session:
        user = User(email=f"{uuid.uuid4().hex}@example.org", name="A", password_hash="-")
        session.add(user)
        session.flush()
        return user.id


@pytest.fixture
def new_job(open_jobs: OpenJobs, user_id: uuid.UUID) -> Callable[..., uuid.UUID]:
    def make(chunks: int = 1, deadline: timedelta = timedelta(minutes=5)) -> uuid.UUID:
        with open_jobs() as jobs:
            job = jobs.create(JobKind.GENERATION, user_id, chunks, deadline)
            jobs.add_chunks(job.id, [ChunkPlan(n, {"n": n}) for n in range(1, chunks + 1)])
            return job.id

    return make


@dataclass
class Workshop:
    """A worker, its fakes, and messages for it."""

    worker: ChunkWorker
    queue: FakeChunkQueue = field(default_factory=FakeChunkQueue)
    tokens: FakeTaskTokens = field(default_factory=FakeTaskTokens)
    announced: list[uuid.UUID] = field(default_factory=list)

    @staticmethod
    def message(job_id: uuid.UUID, ordinal: int = 1, delivery: int = 1) -> ChunkMessage:
        return ChunkMessage(job_id, ordinal, f"token-{ordinal}", f"receipt-{ordinal}-{delivery}")


@pytest.fixture
def workshop(open_jobs: OpenJobs) -> Workshop:
    queue, tokens = FakeChunkQueue(), FakeTaskTokens()
    announced: list[uuid.UUID] = []
    worker = ChunkWorker(open_jobs, queue, tokens, announced.append)
    return Workshop(worker, queue, tokens, announced)
