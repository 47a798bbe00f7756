"""Joins chat to PostgreSQL, the language model, the socket and the queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from functions.chat.answer_store import AnswerStore
from functions.chat.pipeline import Answering
from shared.ai import LanguageModel
from shared.config import get_settings
from shared.database.engine import get_database
from shared.jobs.queue import SqsChunkQueue
from shared.realtime.chat_signals import get_stop_signals
from shared.realtime.sender import get_sender


@lru_cache
def get_answering() -> Answering:
    """The answering of questions in this process."""
    return Answering(_open_store, _model, get_sender(), get_stop_signals())


@lru_cache
def get_queue() -> SqsChunkQueue:
    """The queue that questions come from."""
    return SqsChunkQueue(get_settings().chat_queue_url)


@contextmanager
def _open_store() -> Iterator[AnswerStore]:
    with get_database().transaction() as session:
        yield AnswerStore(session)


def _model() -> LanguageModel:
    from shared.ai.wiring import get_language_model  # noqa: PLC0415  (slow to import)

    return get_language_model()
