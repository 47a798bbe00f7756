"""The numbers of question generation: how much, how fast, at what cost."""

import uuid
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_GENERATIONS = text("""
    SELECT count(*) AS sets,
           count(*) FILTER (WHERE job.status = 'completed') AS completed,
           count(*) FILTER (WHERE job.status = 'failed') AS failed,
           count(*) FILTER (WHERE job.status IN ('queued', 'running', 'waiting')) AS active,
           count(*) FILTER (WHERE job.cached) AS cache_hits,
           coalesce(sum(qs.requested), 0) AS requested,
           coalesce(sum(qs.delivered), 0) AS delivered,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
               ORDER BY extract(epoch FROM job.finished_at - job.created_at)
           ) FILTER (WHERE job.status = 'completed' AND NOT job.cached) AS durations
    FROM question_sets qs JOIN jobs job ON job.id = qs.job_id
    WHERE CAST(:user_id AS uuid) IS NULL OR qs.user_id = CAST(:user_id AS uuid)
""")

_CALLS = text("""
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE outcome <> 'ok') AS failed,
           coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
           coalesce(sum(output_tokens), 0) AS output_tokens,
           coalesce(sum(cost_micro_usd), 0) AS cost_micro_usd
    FROM model_calls
    WHERE lane = 'generation'
      AND (CAST(:user_id AS uuid) IS NULL OR user_id = CAST(:user_id AS uuid))
""")


def generation_statistics(session: Session, user_id: uuid.UUID | None) -> dict[str, Any]:
    """The numbers of one user's generations, or of everybody's."""
    sets = session.execute(_GENERATIONS, {"user_id": user_id}).one()
    calls = session.execute(_CALLS, {"user_id": user_id}).one()
    finished = sets.completed or 0
    p50, p95 = sets.durations or (None, None)
    return {
        "scope": "all" if user_id is None else "own",
        "generations": {
            "total": sets.sets,
            "completed": sets.completed,
            "failed": sets.failed,
            "active": sets.active,
        },
        "questions": {"requested": int(sets.requested), "delivered": int(sets.delivered)},
        "cache": {
            "hits": sets.cache_hits,
            "hit_rate": round(sets.cache_hits / finished, 4) if finished else 0.0,
        },
        "duration_seconds": {"p50": _rounded(p50), "p95": _rounded(p95)},
        "gemini": {
            "calls": calls.calls,
            "failed_calls": calls.failed,
            "prompt_tokens": int(calls.prompt_tokens),
            "output_tokens": int(calls.output_tokens),
            "cost_usd": round(int(calls.cost_micro_usd) / 1_000_000, 6),
        },
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(float(seconds), 3)
