"""Joins jobs and their workers with the outside."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from shared.ai import LanguageModel
from shared.config import get_settings
from shared.database.engine import get_database
from shared.jobs.direct import OneChunkDirectly
from shared.jobs.executions import Executions
from shared.jobs.model import JobKind
from shared.jobs.queue import SqsChunkQueue, SqsStarter
from shared.jobs.state_machine import (
    StateMachine,
    StepFunctionsStateMachine,
    StepFunctionsTaskTokens,
    TaskTokens,
)
from shared.jobs.store import JobStore
from shared.jobs.worker import ChunkWorker
from shared.realtime.delivery import get_delivery


@contextmanager
def open_jobs() -> Iterator[JobStore]:
    """Jobs in a transaction of their own."""
    with get_database().transaction() as session:
        yield JobStore(session)


def language_model() -> LanguageModel:
    """The language model of this process, built at its first use: its import takes a second."""
    from shared.ai.wiring import get_language_model  # noqa: PLC0415

    return get_language_model()


def announce(job_id: uuid.UUID) -> None:
    """Tell a job's followers its news."""
    get_delivery().announce(job_id)


def expire(job_id: uuid.UUID) -> None:
    """Fail a job that is past its deadline, and tell its followers."""
    with open_jobs() as jobs:
        expired = jobs.expire(job_id)
    if expired:
        announce(job_id)


def build_chunk_worker(queue_url: str, tokens: TaskTokens | None = None) -> ChunkWorker:
    """The worker on one queue of chunks; `tokens` if not all are a state machine's."""
    tokens = tokens or StepFunctionsTaskTokens()
    return ChunkWorker(open_jobs, SqsChunkQueue(queue_url), tokens, announce)


def evaluation_driver() -> StateMachine:
    """What drives evaluations: the state machine, or one message where that is all there is."""
    settings = get_settings()
    return OneChunkDirectly(
        SqsStarter(settings.grading_queue_url),
        StepFunctionsStateMachine(settings.evaluation_state_machine_arn),
    )


@lru_cache
def get_executions() -> Executions:
    """The executions of this stack's jobs."""
    settings = get_settings()
    return Executions(
        {
            JobKind.GENERATION: StepFunctionsStateMachine(settings.generation_state_machine_arn),
            JobKind.EVALUATION: evaluation_driver(),
            JobKind.TRANSCRIPTION: SqsStarter(settings.transcription_queue_url),
        }
    )
