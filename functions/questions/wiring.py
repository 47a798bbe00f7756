"""Joins the questions service with the outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from functions.questions.editing import QuestionEditing
from functions.questions.finished_sets import FinishedSets
from functions.questions.pipeline import GenerationOptions, GenerationPipeline
from functions.questions.service import QuestionService
from functions.questions.store import PostgresGenerationStore
from shared.cache.client import get_cache
from shared.config import get_settings
from shared.database.engine import get_database
from shared.jobs.state_machine import StateMachine, StepFunctionsStateMachine
from shared.jobs.wiring import announce, build_chunk_worker, language_model
from shared.jobs.worker import ChunkWorker
from shared.sessions import Caller


@contextmanager
def _open_store() -> Iterator[PostgresGenerationStore]:
    with get_database().transaction() as session:
        yield PostgresGenerationStore(session)


@lru_cache
def get_pipeline() -> GenerationPipeline:
    """The pipeline of this process."""
    settings = get_settings()
    options = GenerationOptions(
        chunk_size=settings.questions_per_chunk,
        chunks_per_batch=settings.chunks_per_message,
        verify=settings.verify_questions,
    )
    return GenerationPipeline(_open_store, language_model, announce, options)


@lru_cache
def get_worker() -> ChunkWorker:
    """The worker on the generation queue."""
    return build_chunk_worker(get_settings().generation_queue_url)


@lru_cache
def get_state_machine() -> StateMachine:
    """The state machine that drives generations."""
    return StepFunctionsStateMachine(get_settings().generation_state_machine_arn)


def build_service(session: Session, caller: Caller) -> QuestionService:
    """The service for one request."""
    settings = get_settings()
    deadline = timedelta(seconds=settings.generation_deadline_seconds)
    return QuestionService(
        session,
        caller,
        model=settings.gemini_model,
        deadline=deadline,
        finished_sets=FinishedSets(get_cache()),
    )


def build_editing(session: Session, caller: Caller) -> QuestionEditing:
    """Changes to the caller's sets, for one request."""
    deadline = timedelta(seconds=get_settings().generation_deadline_seconds)
    return QuestionEditing(session, caller.user_id, deadline)
