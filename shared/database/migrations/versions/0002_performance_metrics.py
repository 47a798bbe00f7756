"""performance metrics"""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Windows are 24 h; durations are milliseconds. Row counts are the planner's estimates, because
# counting is slow. The statistics views show other users' sessions only by number.
_FUNCTION = """
CREATE FUNCTION get_performance_metrics() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, public
AS $$
WITH
recent_jobs AS (
    SELECT id, kind, status, cached, created_at,
           extract(epoch FROM started_at - created_at) * 1000 AS queued_ms,
           extract(epoch FROM finished_at - created_at) * 1000 AS total_ms
    FROM public.jobs WHERE created_at > now() - interval '24 hours'
),
recent_chunks AS (
    SELECT recent_jobs.kind, job_chunks.status, job_chunks.attempts
    FROM public.job_chunks JOIN recent_jobs ON recent_jobs.id = job_chunks.job_id
),
recent_grades AS (
    SELECT source FROM public.grades WHERE created_at > now() - interval '24 hours'
),
recent_calls AS (
    SELECT * FROM public.model_calls WHERE created_at > now() - interval '24 hours'
),
own_tables AS (
    SELECT relid, relname, n_live_tup, n_dead_tup, seq_scan, coalesce(idx_scan, 0) AS idx_scan,
           greatest(last_autovacuum, last_vacuum) AS vacuumed_at
    FROM pg_stat_user_tables WHERE schemaname = 'public'
),
connections AS (
    SELECT coalesce(state, 'unknown') AS state, query_start, xact_start
    FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
)
SELECT jsonb_build_object(
    'at', now(),
    'window_hours', 24,
    'tables', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', relname,
            'rows_estimated', n_live_tup,
            'dead_rows_estimated', n_dead_tup,
            'total_bytes', pg_total_relation_size(relid),
            'sequential_scans', seq_scan,
            'index_scans', idx_scan,
            'vacuumed_at', vacuumed_at) ORDER BY relname), '[]')
        FROM own_tables
    ),
    'jobs', (
        SELECT coalesce(jsonb_agg(to_jsonb(summary) ORDER BY kind, status), '[]') FROM (
            SELECT kind, status, count(*) AS count,
                   round(percentile_cont(0.5) WITHIN GROUP (ORDER BY total_ms)::numeric, 1)
                       AS duration_p50_ms,
                   round(percentile_cont(0.95) WITHIN GROUP (ORDER BY total_ms)::numeric, 1)
                       AS duration_p95_ms,
                   round(percentile_cont(0.95) WITHIN GROUP (ORDER BY queued_ms)::numeric, 1)
                       AS queued_p95_ms
            FROM recent_jobs GROUP BY kind, status) AS summary
    ),
    'chunks', (
        SELECT coalesce(jsonb_agg(to_jsonb(summary) ORDER BY kind, status), '[]') FROM (
            SELECT kind, status, count(*) AS count, sum(attempts) AS attempts,
                   max(attempts) AS attempts_maximum,
                   count(*) FILTER (WHERE attempts > 1) AS retried
            FROM recent_chunks GROUP BY kind, status) AS summary
    ),
    'caches', jsonb_build_object(
        'generation', (
            SELECT jsonb_build_object(
                'lookups', count(*),
                'hits', count(*) FILTER (WHERE cached),
                'hit_rate', round(avg(cached::int), 4))
            FROM recent_jobs WHERE kind = 'generation' AND status = 'completed'
        ),
        'grading', (
            SELECT jsonb_build_object(
                'lookups', count(*),
                'hits', count(*) FILTER (WHERE source = 'cache'),
                'hit_rate', round(avg((source = 'cache')::int), 4))
            FROM recent_grades WHERE source IN ('cache', 'model')
        ),
        'database_buffers', (
            SELECT jsonb_build_object(
                'lookups', blks_hit + blks_read,
                'hits', blks_hit,
                'hit_rate', round(blks_hit::numeric / nullif(blks_hit + blks_read, 0), 4))
            FROM pg_stat_database WHERE datname = current_database()
        )
    ),
    'grades_by_source', (
        SELECT coalesce(jsonb_object_agg(source, count), '{}') FROM (
            SELECT source, count(*) AS count FROM recent_grades GROUP BY source) AS summary
    ),
    'model_calls', (
        SELECT coalesce(jsonb_agg(to_jsonb(summary) ORDER BY model, purpose, outcome), '[]') FROM (
            SELECT model, purpose, outcome, count(*) AS calls,
                   sum(prompt_tokens) AS prompt_tokens, sum(output_tokens) AS output_tokens,
                   sum(cost_micro_usd) AS cost_micro_usd,
                   round(percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms)::numeric, 1)
                       AS latency_p50_ms,
                   round(percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms)::numeric, 1)
                       AS latency_p95_ms
            FROM recent_calls GROUP BY model, purpose, outcome) AS summary
    ),
    'connections', (
        SELECT jsonb_build_object(
            'open', count(*),
            'maximum', current_setting('max_connections')::int,
            'active', count(*) FILTER (WHERE state = 'active'),
            'idle', count(*) FILTER (WHERE state = 'idle'),
            'idle_in_transaction', count(*) FILTER (WHERE state LIKE 'idle in transaction%'),
            'oldest_transaction_ms', round(max(
                extract(epoch FROM clock_timestamp() - xact_start) * 1000), 1))
        FROM connections
    ),
    'waiting', jsonb_build_object(
        'unfinished_jobs', (
            SELECT count(*) FROM public.jobs WHERE status IN ('queued', 'running', 'waiting')),
        'oldest_unfinished_ms', (
            SELECT round(extract(epoch FROM now() - min(created_at)) * 1000, 1)
            FROM public.jobs WHERE status IN ('queued', 'running', 'waiting')),
        'unread_documents', (
            SELECT count(*) FROM public.documents WHERE status = 'processing'),
        'ungranted_locks', (SELECT count(*) FROM pg_locks WHERE NOT granted)
    ),
    'slow', jsonb_build_object(
        'jobs', (
            SELECT coalesce(jsonb_agg(to_jsonb(slowest)), '[]') FROM (
                SELECT id, kind, status, created_at, round(total_ms, 1) AS duration_ms
                FROM recent_jobs WHERE total_ms IS NOT NULL ORDER BY total_ms DESC LIMIT 5
            ) AS slowest
        ),
        'model_calls', (
            SELECT coalesce(jsonb_agg(to_jsonb(slowest)), '[]') FROM (
                SELECT id, model, purpose, outcome, created_at, latency_ms
                FROM recent_calls ORDER BY latency_ms DESC LIMIT 5) AS slowest
        ),
        'statements_over_one_second', (
            SELECT count(*) FROM connections
            WHERE state = 'active' AND clock_timestamp() - query_start > interval '1 second'
        )
    )
)
$$
"""


def upgrade() -> None:
    """Add the function that `GET /api/admin/performance` asks."""
    op.execute(_FUNCTION)


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP FUNCTION get_performance_metrics()")
