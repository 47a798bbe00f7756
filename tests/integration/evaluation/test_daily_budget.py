"""A spent budget refuses what needs the model, and nothing else."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update

from shared.config import get_settings
from shared.database.engine import Database
from shared.database.tables.ai import ModelCall
from shared.database.tables.evaluation import Submission
from tests.integration.evaluation.conftest import Api
from tests.integration.evaluation.evaluation_harness import Evaluation


@pytest.fixture
def spent(
    start: Callable[..., Evaluation],
    api: Api,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> Evaluation:
    """An evaluation whose learner has spent the budget of the day."""
    evaluation = start()
    monkeypatch.setenv("GEMINI_USER_DAILY_MICRO_USD", "5")
    get_settings.cache_clear()
    with database.transaction() as session:
        session.add(
            ModelCall(
                user_id=evaluation.learner.id,
                lane="chat",
                purpose="chat",
                model="m",
                key_alias="k",
                project="p",
                prompt_tokens=1,
                output_tokens=1,
                cost_micro_usd=5,
                latency_ms=1,
                outcome="ok",
            )
        )
    return evaluation


def hand_in(api: Api, evaluation: Evaluation, answers: dict[uuid.UUID, Any]) -> Any:
    listed = [{"question_id": str(one), "answer": answer} for one, answer in answers.items()]
    body = {"question_set_id": str(evaluation.set_id), "answers": listed}
    return api.call("POST", "/submissions", evaluation.learner.id, json=body)


def test_answers_for_the_model_are_refused_and_nothing_is_stored(
    api: Api, spent: Evaluation, database: Database
) -> None:
    answer = hand_in(api, spent, {spent.free[0]: "Cells divide, and grow afterwards."})
    assert (answer.status_code, answer.json()["code"]) == (429, "budget_exceeded")
    assert int(answer.headers["Retry-After"]) >= 1
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 0


def test_answers_that_rules_grade_are_graded_still(api: Api, spent: Evaluation) -> None:
    answer = hand_in(api, spent, {spent.questions["mcq"]: 0})
    assert answer.status_code == 201, answer.text


def test_a_whole_class_is_refused_on_the_budget_of_who_hands_it_in(
    api: Api, spent: Evaluation, database: Database
) -> None:
    with database.transaction() as session:
        session.execute(update(ModelCall).values(user_id=spent.owner.id))
    answers = [{"question_id": str(spent.free[0]), "answer": "Cells divide, and grow afterwards."}]
    submissions = [{"learner": f"7b, {number}", "answers": answers} for number in range(2)]
    body = {"question_set_id": str(spent.set_id), "submissions": submissions}
    answer = api.call("POST", "/submissions/batch", spent.owner.id, json=body)
    assert (answer.status_code, answer.json()["code"]) == (429, "budget_exceeded")
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 0
