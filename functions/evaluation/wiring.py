"""Joins the evaluation service with the outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from functions.evaluation.cache_keys import answer_key
from functions.evaluation.pipeline import EvaluationPipeline
from functions.evaluation.service import EvaluationService
from functions.evaluation.store import PostgresEvaluationStore
from shared.config import get_settings
from shared.database.engine import get_database
from shared.jobs.state_machine import StateMachine, StepFunctionsStateMachine
from shared.jobs.wiring import announce, build_chunk_worker, language_model
from shared.jobs.worker import ChunkWorker
from shared.sessions import Caller


@contextmanager
def _open_store() -> Iterator[PostgresEvaluationStore]:
    with get_database().transaction() as session:
        yield PostgresEvaluationStore(session)


@lru_cache
def get_pipeline() -> EvaluationPipeline:
    """The pipeline of this process."""
    model = get_settings().gemini_model
    return EvaluationPipeline(
        _open_store, language_model, announce, lambda answer: answer_key(answer, model)
    )


@lru_cache
def get_worker() -> ChunkWorker:
    """The worker on the grading queue."""
    return build_chunk_worker(get_settings().grading_queue_url)


@lru_cache
def get_state_machine() -> StateMachine:
    """The state machine that drives evaluations."""
    return StepFunctionsStateMachine(get_settings().evaluation_state_machine_arn)


def build_service(session: Session, caller: Caller) -> EvaluationService:
    """The service for one request."""
    settings = get_settings()
    return EvaluationService(
        session,
        caller,
        model=settings.gemini_model,
        batch_size=settings.grading_batch_size,
        deadline=timedelta(seconds=settings.evaluation_deadline_seconds),
    )
