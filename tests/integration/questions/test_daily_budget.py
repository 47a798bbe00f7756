"""A user whose daily budget is spent is told so before a job is made."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.config import get_settings
from shared.database.engine import Database
from shared.database.tables.ai import ModelCall
from shared.database.tables.jobs import Job
from tests.factories.rows import SENTENCES, add_document, add_user
from tests.integration.questions.conftest import Api

BUDGET = 1000


@pytest.fixture(autouse=True)
def budget(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GEMINI_USER_DAILY_MICRO_USD", str(BUDGET))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def spend(database: Database, user_id: uuid.UUID, micro_usd: int) -> None:
    with database.transaction() as session:
        session.add(
            ModelCall(
                user_id=user_id,
                lane="generation",
                purpose="generate",
                model="m",
                key_alias="k",
                project="p",
                prompt_tokens=1,
                output_tokens=1,
                cost_micro_usd=micro_usd,
                latency_ms=1,
                outcome="ok",
            )
        )


def generate(api: Api, user_id: uuid.UUID, document_id: uuid.UUID) -> Any:
    return api.call(user_id, "POST", "/generate", {"document_id": str(document_id), "count": 5})


@pytest.fixture
def owner_and_document(database: Database) -> tuple[uuid.UUID, uuid.UUID]:
    with database.transaction() as session:
        owner = add_user(session)
        return owner.id, add_document(session, owner, (" ".join(SENTENCES),)).id


def test_what_is_within_the_budget_is_begun(
    api: Api, database: Database, owner_and_document: tuple[uuid.UUID, uuid.UUID]
) -> None:
    spend(database, owner_and_document[0], BUDGET - 1)
    assert generate(api, *owner_and_document).status_code == 202


def test_a_spent_budget_refuses_before_there_is_a_job(
    api: Api, database: Database, owner_and_document: tuple[uuid.UUID, uuid.UUID]
) -> None:
    spend(database, owner_and_document[0], BUDGET)
    answer = generate(api, *owner_and_document)
    assert (answer.status_code, answer.json()["code"]) == (429, "budget_exceeded")
    assert 1 <= int(answer.headers["Retry-After"]) <= 24 * 3600
    assert answer.headers["RateLimit-Policy"] == f'"daily-budget-micro-usd";q={BUDGET};w=86400'
    assert api.state_machine.started == {}
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_one_users_budget_is_not_anothers(
    api: Api, database: Database, owner_and_document: tuple[uuid.UUID, uuid.UUID]
) -> None:
    with database.transaction() as session:
        other = add_user(session).id
    spend(database, other, BUDGET)
    assert generate(api, *owner_and_document).status_code == 202
