"""The numbers of evaluation: what graded, how often the cache did, how fast, at what cost."""

import uuid
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

# Submissions that the user handed in, and those to the user's own sets; of an admin, all.
_MINE = """
    WITH mine AS (
        SELECT submission.* FROM submissions submission
        WHERE CAST(:user_id AS uuid) IS NULL OR submission.user_id = CAST(:user_id AS uuid)
        UNION
        SELECT submission.* FROM submissions submission
        JOIN question_sets own ON own.id = submission.question_set_id
        WHERE own.user_id = CAST(:user_id AS uuid)
    )
"""
# Jobs that graded those, that graded them again, and that were appeals about them.
_MY_JOBS = f"""
    {_MINE}, my_jobs AS (
        SELECT job_id FROM mine WHERE job_id IS NOT NULL
        UNION
        SELECT appeal.job_id FROM appeals appeal
        JOIN answers answer ON answer.id = appeal.answer_id
        JOIN mine ON mine.id = answer.submission_id
        WHERE appeal.job_id IS NOT NULL
        UNION
        SELECT id FROM jobs
        WHERE kind = 'evaluation'
          AND (CAST(:user_id AS uuid) IS NULL OR user_id = CAST(:user_id AS uuid))
    )
"""

_GRADES = text(f"""
    {_MINE}
    SELECT grade.source,
           count(*) FILTER (WHERE grade.version = newest.version) AS in_force,
           count(*) FILTER (WHERE grade.version = 1) AS first,
           count(*) FILTER (
               WHERE grade.version = 1 AND grade.provenance ->> 'cache_policy' = 'near'
           ) AS near,
           count(*) FILTER (
               WHERE grade.version = 1 AND grade.provenance ->> 'cached_source' = 'human'
           ) AS of_people
    FROM grades grade
    JOIN answers answer ON answer.id = grade.answer_id
    JOIN mine ON mine.id = answer.submission_id
    JOIN LATERAL (
        SELECT max(version) AS version FROM grades WHERE answer_id = answer.id
    ) newest ON true
    GROUP BY grade.source
""")

_SUBMISSIONS = text(f"""
    {_MINE}, timed AS (
        SELECT status, job_id,
               extract(epoch FROM completed_at - created_at) AS seconds
        FROM mine
    )
    SELECT count(*) AS total,
           count(*) FILTER (WHERE status = 'completed') AS completed,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           count(*) FILTER (WHERE status = 'grading') AS active,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds)
               FILTER (WHERE status = 'completed') AS all_seconds,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds)
               FILTER (WHERE status = 'completed' AND job_id IS NOT NULL) AS model_seconds
    FROM timed
""")

_BATCHES = text(f"""
    {_MY_JOBS}
    SELECT jsonb_array_length(chunk.payload -> 'answers') AS size, count(*) AS batches
    FROM job_chunks chunk JOIN my_jobs ON my_jobs.job_id = chunk.job_id
    WHERE NOT chunk.payload ? 'appeal'
    GROUP BY size ORDER BY size
""")

_CALLS = text(f"""
    {_MY_JOBS}
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE outcome <> 'ok') AS failed,
           coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
           coalesce(sum(output_tokens), 0) AS output_tokens,
           coalesce(sum(cost_micro_usd), 0) AS cost_micro_usd
    FROM model_calls call
    WHERE lane = 'grading' AND (
        CAST(:user_id AS uuid) IS NULL OR user_id = CAST(:user_id AS uuid)
        OR job_id IN (SELECT job_id FROM my_jobs)
    )
""")

_APPEALS = text(f"""
    {_MINE}
    SELECT count(*) AS total,
           count(*) FILTER (WHERE appeal.status IN ('grading', 'open')) AS unsettled,
           count(*) FILTER (WHERE appeal.status = 'open') AS open,
           count(*) FILTER (WHERE appeal.status = 'confirmed') AS confirmed,
           count(*) FILTER (WHERE appeal.status = 'accepted') AS accepted,
           count(*) FILTER (WHERE appeal.status = 'rejected') AS rejected,
           count(*) FILTER (WHERE appeal.status = 'overridden') AS overridden,
           count(*) FILTER (WHERE appeal.differs) AS disagreements,
           count(*) FILTER (
               WHERE appeal.differs AND appeal.grade_source = 'cache'
           ) AS disagreements_on_cached_grades
    FROM appeals appeal
    JOIN answers answer ON answer.id = appeal.answer_id
    JOIN mine ON mine.id = answer.submission_id
""")


class CacheNumbers(BaseModel):
    """How often an earlier grade was served: `hit_rate` is of all free answers that need judging.

    Hits by the policy that found them, and by whose grade was served.
    """

    hits: int
    hit_rate: float
    by_policy: dict[str, int]
    by_origin: dict[str, int]


class BatchNumbers(BaseModel):
    """How many answers travelled together; `sizes` counts batches by their number of answers."""

    total: int
    average_size: float
    largest_size: int
    sizes: dict[str, int]


class DurationNumbers(BaseModel):
    """Seconds from handing in to the last grade: of all submissions, and of those with a job."""

    p50: float | None
    p95: float | None
    with_model_p50: float | None
    with_model_p95: float | None


class ModelNumbers(BaseModel):
    """Requests to the model for grading, what they read and wrote, and what they cost."""

    calls: int
    failed_calls: int
    prompt_tokens: int
    output_tokens: int
    cost_usd: float


class StatisticsView(BaseModel):
    """The numbers of evaluation.

    `own`: of what the caller handed in, and of what learners handed in to the caller's sets.
    """

    scope: Literal["own", "all"]
    submissions: dict[str, int]
    grades_by_source: dict[str, int]
    cache: CacheNumbers
    batches: BatchNumbers
    duration_seconds: DurationNumbers
    gemini: ModelNumbers
    appeals: dict[str, int]


def evaluation_statistics(session: Session, user_id: uuid.UUID | None) -> StatisticsView:
    """The numbers of one user's evaluations and question sets, or of everybody's."""
    whose = {"user_id": user_id}
    grades = {row.source: row for row in session.execute(_GRADES, whose)}
    submissions = session.execute(_SUBMISSIONS, whose).one()
    sizes = {row.size: row.batches for row in session.execute(_BATCHES, whose)}
    return StatisticsView(
        scope="all" if user_id is None else "own",
        submissions={
            name: getattr(submissions, name) for name in ("total", "completed", "failed", "active")
        },
        grades_by_source={
            source: grades[source].in_force if source in grades else 0
            for source in ("rule", "model", "cache", "human")
        },
        cache=_cache(grades),
        batches=_batches(sizes),
        duration_seconds=_durations(submissions),
        gemini=_calls(session.execute(_CALLS, whose).one()),
        appeals=_numbers(session, _APPEALS, whose),
    )


def _cache(grades: Mapping[str, Row[Any]]) -> CacheNumbers:
    served = grades.get("cache")
    hits = served.first if served else 0
    judged = grades["model"].first if "model" in grades else 0
    near, of_people = (served.near, served.of_people) if served else (0, 0)
    return CacheNumbers(
        hits=hits,
        hit_rate=round(hits / (hits + judged), 4) if hits + judged else 0.0,
        by_policy={"strict": hits - near, "near": near},
        by_origin={"model": hits - of_people, "human": of_people},
    )


def _batches(sizes: Mapping[int, int]) -> BatchNumbers:
    total = sum(sizes.values())
    answers = sum(size * batches for size, batches in sizes.items())
    return BatchNumbers(
        total=total,
        average_size=round(answers / total, 2) if total else 0.0,
        largest_size=max(sizes, default=0),
        sizes={str(size): batches for size, batches in sizes.items()},
    )


def _durations(submissions: Row[Any]) -> DurationNumbers:
    every = submissions.all_seconds or (None, None)
    judged = submissions.model_seconds or (None, None)
    return DurationNumbers(
        p50=_rounded(every[0]),
        p95=_rounded(every[1]),
        with_model_p50=_rounded(judged[0]),
        with_model_p95=_rounded(judged[1]),
    )


def _calls(calls: Row[Any]) -> ModelNumbers:
    return ModelNumbers(
        calls=calls.calls,
        failed_calls=calls.failed,
        prompt_tokens=int(calls.prompt_tokens),
        output_tokens=int(calls.output_tokens),
        cost_usd=round(int(calls.cost_micro_usd) / 1_000_000, 6),
    )


def _numbers(session: Session, query: TextClause, whose: Mapping[str, Any]) -> dict[str, int]:
    return dict(session.execute(query, whose).one()._mapping)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(float(seconds), 3)
