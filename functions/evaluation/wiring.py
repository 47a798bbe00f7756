"""Joins the evaluation service with the outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from functions.evaluation.appeals import AppealService
from functions.evaluation.deadlines import Deadlines
from functions.evaluation.ends import EvaluationEnds
from functions.evaluation.grade_cache import GradeCache
from functions.evaluation.judging import Judge
from functions.evaluation.pipeline import EvaluationPipeline
from functions.evaluation.regrading import Regrading
from functions.evaluation.service import EvaluationService
from functions.evaluation.settings import get_evaluation_settings
from functions.evaluation.store import PostgresEvaluationStore
from functions.evaluation.sweeping import RegradeSweep
from shared.ai.keys import SHARED_PROJECT
from shared.ai.quotas import quota_for
from shared.config import get_settings
from shared.database.engine import get_database
from shared.jobs.direct import TokensByOrigin
from shared.jobs.state_machine import StateMachine, StepFunctionsTaskTokens
from shared.jobs.wiring import (
    announce,
    build_chunk_worker,
    evaluation_driver,
    expire,
    language_model,
)
from shared.jobs.worker import ChunkWorker
from shared.sessions import Caller


@contextmanager
def _open_store() -> Iterator[PostgresEvaluationStore]:
    with get_database().transaction() as session:
        yield PostgresEvaluationStore(session, build_cache(session))


@lru_cache
def get_pipeline() -> EvaluationPipeline:
    """The pipeline of this process."""
    judge = Judge(language_model, get_evaluation_settings().grading_single_calls)
    return EvaluationPipeline(_open_store, judge, announce)


@lru_cache
def get_worker() -> ChunkWorker:
    """The worker on the grading queue."""
    ends = EvaluationEnds(get_pipeline().finish, expire)
    tokens = TokensByOrigin(ends, StepFunctionsTaskTokens())
    return build_chunk_worker(get_settings().grading_queue_url, tokens)


@lru_cache
def get_state_machine() -> StateMachine:
    """What drives evaluations."""
    return evaluation_driver()


def build_cache(session: Session) -> GradeCache:
    """The grades' cache, by the operator's policy."""
    settings = get_evaluation_settings()
    return GradeCache(
        session,
        model=get_settings().gemini_model,
        policy=settings.grading_cache_policy,
        near_candidates=settings.grading_near_candidates,
    )


def deadline() -> timedelta:
    """How long an evaluation of few calls may take."""
    return timedelta(seconds=get_settings().evaluation_deadline_seconds)


def deadlines() -> Deadlines:
    """How long evaluations may take, by the pace of a single project: the least there can be."""
    settings = get_settings()
    quota = quota_for(SHARED_PROJECT, settings.gemini_model, settings.gemini_quotas)
    longest = timedelta(seconds=settings.evaluation_longest_deadline_seconds)
    return Deadlines(deadline(), longest, max(quota.rpm, 1.0))


def build_service(session: Session, caller: Caller) -> EvaluationService:
    """The service for one request."""
    return EvaluationService(
        session,
        caller,
        build_cache(session),
        batch_size=get_settings().grading_batch_size,
        deadlines=deadlines(),
        most_characters=get_evaluation_settings().submission_characters,
        most_class_answers=get_evaluation_settings().class_answers,
    )


def build_regrading(session: Session) -> Regrading:
    """Regrading within one transaction."""
    return Regrading(session, batch_size=get_settings().grading_batch_size, deadline=deadline())


@contextmanager
def _open_regrading() -> Iterator[Regrading]:
    with get_database().transaction() as session:
        yield build_regrading(session)


def build_regrade_sweep() -> RegradeSweep:
    """The sweep over requests that nobody's reading has handled."""
    return RegradeSweep(_open_regrading, get_state_machine())


def build_appeals(session: Session, caller: Caller) -> AppealService:
    """Appeals and overrides for one request."""
    return AppealService(session, caller, build_cache(session), deadline=deadline())
