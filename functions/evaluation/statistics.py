"""The numbers of evaluation: what graded, how often the cache did, how fast, at what cost."""

import uuid
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_SOURCES = text("""
    SELECT grade.source, count(*) AS grades
    FROM grades grade
    JOIN answers answer ON answer.id = grade.answer_id
    JOIN submissions submission ON submission.id = answer.submission_id
    WHERE CAST(:user_id AS uuid) IS NULL OR submission.user_id = CAST(:user_id AS uuid)
    GROUP BY grade.source
""")

_SUBMISSIONS = text("""
    SELECT count(*) AS total,
           count(*) FILTER (WHERE submission.status = 'completed') AS completed,
           count(*) FILTER (WHERE submission.status = 'failed') AS failed,
           count(*) FILTER (WHERE submission.status = 'grading') AS active,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
               ORDER BY extract(epoch FROM submission.completed_at - submission.created_at)
           ) FILTER (WHERE submission.status = 'completed') AS durations
    FROM submissions submission
    WHERE CAST(:user_id AS uuid) IS NULL OR submission.user_id = CAST(:user_id AS uuid)
""")

_BATCHES = text("""
    SELECT count(*) AS batches,
           coalesce(avg(jsonb_array_length(chunk.payload -> 'answers')), 0) AS average,
           coalesce(max(jsonb_array_length(chunk.payload -> 'answers')), 0) AS largest
    FROM job_chunks chunk JOIN jobs job ON job.id = chunk.job_id
    WHERE job.kind = 'evaluation'
      AND (CAST(:user_id AS uuid) IS NULL OR job.user_id = CAST(:user_id AS uuid))
""")

_CALLS = text("""
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE outcome <> 'ok') AS failed,
           coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
           coalesce(sum(output_tokens), 0) AS output_tokens,
           coalesce(sum(cost_micro_usd), 0) AS cost_micro_usd
    FROM model_calls
    WHERE lane = 'grading'
      AND (CAST(:user_id AS uuid) IS NULL OR user_id = CAST(:user_id AS uuid))
""")


def evaluation_statistics(session: Session, user_id: uuid.UUID | None) -> dict[str, Any]:
    """The numbers of one user's evaluations, or of everybody's."""
    whose = {"user_id": user_id}
    sources = {row.source: row.grades for row in session.execute(_SOURCES, whose)}
    submissions = session.execute(_SUBMISSIONS, whose).one()
    batches = session.execute(_BATCHES, whose).one()
    calls = session.execute(_CALLS, whose).one()
    cached, asked = sources.get("cache", 0), sources.get("model", 0)
    p50, p95 = submissions.durations or (None, None)
    return {
        "scope": "all" if user_id is None else "own",
        "submissions": {
            "total": submissions.total,
            "completed": submissions.completed,
            "failed": submissions.failed,
            "active": submissions.active,
        },
        "grades_by_source": {
            source: sources.get(source, 0) for source in ("rule", "model", "cache", "human")
        },
        "cache": {
            "hits": cached,
            "hit_rate": round(cached / (cached + asked), 4) if cached + asked else 0.0,
        },
        "batches": {
            "total": batches.batches,
            "average_size": round(float(batches.average), 2),
            "largest_size": batches.largest,
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
