"""What the admin routes give."""

import uuid
from datetime import datetime

from pydantic import BaseModel


class TablePerformance(BaseModel):
    """One table, by the planner's estimates."""

    name: str
    rows_estimated: int
    dead_rows_estimated: int
    total_bytes: int
    sequential_scans: int
    index_scans: int
    vacuumed_at: datetime | None


class JobDurations(BaseModel):
    """Jobs of one kind and status; a duration runs from creation to the end."""

    kind: str
    status: str
    count: int
    duration_p50_ms: float | None
    duration_p95_ms: float | None
    queued_p95_ms: float | None


class ChunkAttempts(BaseModel):
    """Chunks of one kind and status, and how often they were tried."""

    kind: str
    status: str
    count: int
    attempts: int
    attempts_maximum: int
    retried: int


class CacheHits(BaseModel):
    """How often a cache had what was asked for."""

    lookups: int
    hits: int
    hit_rate: float | None


class Caches(BaseModel):
    """The caches that save model calls, and PostgreSQL's own since its start."""

    generation: CacheHits
    grading: CacheHits
    database_buffers: CacheHits


class ModelCalls(BaseModel):
    """Calls of one model for one purpose with one outcome."""

    model: str
    purpose: str
    outcome: str
    calls: int
    prompt_tokens: int
    output_tokens: int
    cost_micro_usd: int
    latency_p50_ms: float
    latency_p95_ms: float


class Connections(BaseModel):
    """Connections to the database at this moment."""

    open: int
    maximum: int
    active: int
    idle: int
    idle_in_transaction: int
    oldest_transaction_ms: float | None


class Waiting(BaseModel):
    """What is not done yet at this moment."""

    unfinished_jobs: int
    oldest_unfinished_ms: float | None
    unread_documents: int
    ungranted_locks: int


class SlowJob(BaseModel):
    """One of the slowest jobs."""

    id: uuid.UUID
    kind: str
    status: str
    created_at: datetime
    duration_ms: float


class SlowModelCall(BaseModel):
    """One of the slowest model calls."""

    id: uuid.UUID
    model: str
    purpose: str
    outcome: str
    created_at: datetime
    latency_ms: int


class Slow(BaseModel):
    """Where time goes."""

    jobs: list[SlowJob]
    model_calls: list[SlowModelCall]
    statements_over_one_second: int


class Performance(BaseModel):
    """What `get_performance_metrics()` says of the last `window_hours`, at the moment `at`."""

    at: datetime
    window_hours: int
    tables: list[TablePerformance]
    jobs: list[JobDurations]
    chunks: list[ChunkAttempts]
    caches: Caches
    grades_by_source: dict[str, int]
    model_calls: list[ModelCalls]
    connections: Connections
    waiting: Waiting
    slow: Slow
