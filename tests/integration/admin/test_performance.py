"""`GET /api/admin/performance` on real PostgreSQL."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from shared.database.engine import Database
from shared.database.tables.ai import ModelCall
from shared.database.tables.jobs import Job, JobChunk

Headers = dict[str, str]


def a_job(user_id: uuid.UUID, status: str, seconds: float | None, **values: Any) -> Job:
    created = datetime.now(UTC) - timedelta(minutes=10)
    return Job(
        id=uuid.uuid4(),
        user_id=user_id,
        kind="generation",
        status=status,
        deadline_at=created + timedelta(hours=1),
        created_at=created,
        started_at=created + timedelta(seconds=1),
        finished_at=created + timedelta(seconds=seconds) if seconds else None,
        **values,
    )


def test_an_empty_system_has_figures_too(
    client: TestClient, signed_in: Callable[[str], Headers]
) -> None:
    answer = client.get("/api/admin/performance", headers=signed_in("admin"))
    assert answer.status_code == 200, answer.text
    metrics = answer.json()
    assert {table["name"] for table in metrics["tables"]} >= {"users", "jobs", "model_calls"}
    assert metrics["jobs"] == metrics["chunks"] == metrics["model_calls"] == []
    assert metrics["caches"]["generation"] == {"lookups": 0, "hits": 0, "hit_rate": None}
    assert metrics["connections"]["open"] >= 1
    assert metrics["connections"]["maximum"] >= metrics["connections"]["open"]
    assert metrics["waiting"]["unfinished_jobs"] == 0


def test_what_happened_in_a_day_is_summed_up(
    client: TestClient, signed_in: Callable[[str], Headers], database: Database
) -> None:
    headers = signed_in("admin")
    with database.transaction() as session:
        user_id = session.execute(text("SELECT id FROM users")).scalar_one()
        jobs = [a_job(user_id, "completed", seconds) for seconds in (10, 20, 30)]
        jobs[0].cached = True
        jobs.append(a_job(user_id, "running", None))
        long_ago = a_job(user_id, "completed", 5000)
        long_ago.created_at -= timedelta(days=2)
        session.add_all([*jobs, long_ago])
        session.flush()
        for attempts in (1, 3):
            session.add(
                JobChunk(
                    job_id=jobs[1].id,
                    ordinal=attempts,
                    status="done",
                    attempts=attempts,
                    payload={},
                )
            )
        for outcome, latency in (("ok", 100), ("ok", 300), ("rate_limited", 20)):
            session.add(
                ModelCall(
                    lane="generation",
                    purpose="generate",
                    model="gemini-2.5-flash",
                    key_alias="k1",
                    project="p1",
                    prompt_tokens=1000,
                    output_tokens=200,
                    cost_micro_usd=800,
                    latency_ms=latency,
                    outcome=outcome,
                )
            )
    metrics = client.get("/api/admin/performance", headers=headers).json()
    completed, running = metrics["jobs"]
    assert (completed["status"], completed["count"]) == ("completed", 3)
    assert (completed["duration_p50_ms"], completed["duration_p95_ms"]) == (20_000, 29_000)
    assert completed["queued_p95_ms"] == 1000
    assert (running["status"], running["duration_p50_ms"]) == ("running", None)
    assert metrics["caches"]["generation"] == {"lookups": 3, "hits": 1, "hit_rate": 0.3333}
    assert metrics["chunks"] == [
        {
            "kind": "generation",
            "status": "done",
            "count": 2,
            "attempts": 4,
            "attempts_maximum": 3,
            "retried": 1,
        }
    ]
    fine = metrics["model_calls"][0]
    assert (fine["outcome"], fine["calls"], fine["prompt_tokens"]) == ("ok", 2, 2000)
    assert (fine["cost_micro_usd"], fine["latency_p50_ms"]) == (1600, 200)
    assert [job["duration_ms"] for job in metrics["slow"]["jobs"]] == [30_000, 20_000, 10_000]
    assert metrics["slow"]["model_calls"][0]["latency_ms"] == 300
    assert metrics["waiting"]["unfinished_jobs"] == 1


@pytest.mark.parametrize("role", ["learner", "teacher"])
def test_a_lower_role_is_refused(
    client: TestClient, signed_in: Callable[[str], Headers], role: str
) -> None:
    answer = client.get("/api/admin/performance", headers=signed_in(role))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_nobody_is_refused(client: TestClient) -> None:
    answer = client.get("/api/admin/performance")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_the_migration_can_be_taken_back(database_url: str) -> None:
    """The function goes and comes; it is needed by other tests."""
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415

    engine = create_engine(database_url)
    with engine.connect() as connection:
        configuration = Config()
        configuration.set_main_option("script_location", "shared/database/migrations")
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "0001")
        exists = text("SELECT to_regproc('get_performance_metrics') IS NOT NULL")
        assert connection.scalar(exists) is False
        command.upgrade(configuration, "head")
        assert connection.scalar(exists) is True
        connection.commit()
    engine.dispose()
