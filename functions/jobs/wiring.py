"""Joins the jobs service with the outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

from functions.jobs.cancellation import Announce
from functions.jobs.expiry import Expiry
from functions.jobs.metrics import record_stubborn_deletions
from functions.jobs.object_sweep import ObjectSweep
from functions.jobs.retries import TranscriptionRetries
from functions.jobs.sweeping import JobSweep
from shared.cache.client import get_cache
from shared.config import get_settings
from shared.database.engine import get_database
from shared.jobs.transcriptions import Transcriptions
from shared.jobs.wiring import get_executions, open_jobs
from shared.realtime.delivery import get_delivery
from shared.realtime.subscriptions import Subscriptions
from shared.storage.wiring import get_object_removal, open_deletion_notes


def get_announce() -> Announce:
    """Tells a job's followers its news."""
    return get_delivery().announce


@lru_cache
def get_job_sweep() -> JobSweep:
    """The sweep over jobs."""
    return JobSweep(open_jobs, get_executions(), get_announce(), Subscriptions(get_cache()))


@lru_cache
def get_expiry() -> Expiry:
    """The sweep over what has outlived its use."""
    return Expiry(get_database(), get_settings().refresh_token_seconds)


@lru_cache
def get_object_sweep() -> ObjectSweep:
    """The sweep over deletions of objects that were left undone."""
    return ObjectSweep(open_deletion_notes, get_object_removal(), record_stubborn_deletions)


@lru_cache
def get_transcription_retries() -> TranscriptionRetries:
    """The new tries of transcriptions that have failed."""
    enabled = get_settings().transcribe_scans
    return TranscriptionRetries(_open_transcriptions, get_executions(), enabled=enabled)


@contextmanager
def _open_transcriptions() -> Iterator[Transcriptions]:
    deadline = timedelta(seconds=get_settings().transcription_deadline_seconds)
    with get_database().transaction() as session:
        yield Transcriptions(session, deadline)
