"""Analysis, statistics and the near policy on a real database."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from functions.evaluation.service import Submitted
from functions.evaluation.settings import CachePolicy
from tests.factories.rows import add_user
from tests.integration.evaluation.conftest import Api
from tests.integration.evaluation.evaluation_harness import Evaluation

Start = Callable[..., Evaluation]
LONG = (
    "The mitochondrion in the cell takes sugar and oxygen and it makes from them nearly all "
    "of the chemical energy which the whole cell needs for its daily work{}"
)


def learners(evaluation: Evaluation, count: int) -> list[uuid.UUID]:
    with evaluation.database.transaction() as session:
        return [add_user(session).id for _ in range(count)]


def hand_in(evaluation: Evaluation, user_id: uuid.UUID, **answers: Any) -> Submitted:
    return evaluation.hand_in({evaluation.questions[k]: v for k, v in answers.items()}, user_id)


def analysis(api: Api, evaluation: Evaluation, user_id: uuid.UUID | None = None) -> Any:
    path = f"/sets/{evaluation.set_id}/analysis"
    return api.call("GET", path, user_id or evaluation.owner.id)


def test_the_analysis_of_a_set(start: Start, api: Api) -> None:
    evaluation = start()
    for number, learner in enumerate(learners(evaluation, 12)):
        strong = number < 6
        # The key of the choice says 1; the stronger half says 2.
        hand_in(
            evaluation,
            learner,
            mcq=2 if strong else 1,
            true_false=strong,
            fill_blank="mitochondrion" if strong else "nucleus",
        )

    body = analysis(api, evaluation).json()

    items = {one["type"]: one for one in body["items"]}
    assert body["learners"] == 12
    assert not body["small_sample"]
    assert items["mcq"]["facility"] == 0.5
    assert items["mcq"]["discrimination"] == -1.0
    assert [one["count"] for one in items["mcq"]["chosen"]] == [0, 6, 6, 0]
    assert items["mcq"]["key_doubt"] == {"doubt": "distractor_preferred", "preferred": 2}
    assert items["fill_blank"]["chosen"][0]["count"] == 6
    assert items["short_answer"]["omitted"] == 12
    assert body["reliability"] is not None
    assert len(body["scores"]) == 12


def test_only_the_first_submission_of_a_learner_counts(start: Start, api: Api) -> None:
    evaluation = start()
    [learner] = learners(evaluation, 1)
    hand_in(evaluation, learner, mcq=0)
    hand_in(evaluation, learner, mcq=1)

    body = analysis(api, evaluation).json()

    assert body["scores"][0]["score"] == 0
    assert body["small_sample"]
    assert body["items"][0]["discrimination"] is None


def test_the_analysis_of_an_empty_set_has_no_numbers(start: Start, api: Api) -> None:
    body = analysis(api, start()).json()

    assert (body["learners"], body["mean"], body["reliability"]) == (0, None, None)


def test_who_sees_the_analysis(start: Start, api: Api) -> None:
    evaluation = start()
    [learner] = learners(evaluation, 1)

    assert analysis(api, evaluation, learner).status_code == 403
    unknown = api.call("GET", f"/sets/{uuid.uuid4()}/analysis", learner)
    assert unknown.status_code == 404


def test_the_near_policy_serves_a_nearly_equal_answer_and_says_so(start: Start) -> None:
    evaluation = start(policy=CachePolicy.NEAR)
    evaluation.run(evaluation.submit(short_answer=LONG.format(" and growth")))

    near = evaluation.submit(short_answer=LONG.format(" and growths"))

    assert near.job is None
    [grade] = evaluation.grades(near)
    assert grade.source == "cache"
    assert grade.provenance["cache_policy"] == "near"
    assert 0.9 <= grade.provenance["similarity"] < 1


def test_the_near_policy_keeps_opposites_and_questions_apart(start: Start) -> None:
    evaluation = start(policy=CachePolicy.NEAR, free_questions=2)
    evaluation.run(evaluation.submit_free([LONG.format(" and growth")]))

    opposite = evaluation.submit_free([LONG.format(" but not growth")])
    elsewhere = evaluation.hand_in({evaluation.free[1]: LONG.format(" and growths")})

    assert opposite.job is not None
    assert elsewhere.job is not None


def test_the_strict_policy_is_the_default_and_serves_no_near_answer(start: Start) -> None:
    evaluation = start()
    evaluation.run(evaluation.submit(short_answer=LONG.format(" and growth")))

    assert evaluation.submit(short_answer=LONG.format(" and growths")).job is not None


def test_a_teacher_sees_the_numbers_of_their_sets_and_a_learner_their_own(
    start: Start, api: Api
) -> None:
    evaluation, other = start(), start()
    evaluation.run(evaluation.submit(mcq=1, short_answer="Mitochondria make the energy."))
    [learner] = learners(evaluation, 1)
    hand_in(evaluation, learner, mcq=1)
    hand_in(other, learner, true_false=True)

    def numbers(user_id: uuid.UUID, **role: str) -> Any:
        return api.call("GET", "/stats", user_id, **role).json()

    teacher, own = numbers(evaluation.owner.id), numbers(learner)
    assert teacher["submissions"]["total"] == 2
    assert teacher["grades_by_source"] == {"rule": 2, "model": 1, "cache": 0, "human": 0}
    assert teacher["batches"]["sizes"] == {"1": 1}
    assert own["submissions"]["total"] == 2
    assert (own["grades_by_source"]["rule"], own["batches"]["total"]) == (2, 0)
    assert numbers(other.owner.id)["submissions"]["total"] == 1
    everything = numbers(uuid.uuid4(), role="admin")
    assert (everything["scope"], everything["submissions"]["total"]) == ("all", 3)
    assert all(isinstance(everything["gemini"][one], int) for one in ("calls", "prompt_tokens"))


def test_what_rules_grade_at_once_takes_no_negative_time(start: Start, api: Api) -> None:
    evaluation = start()
    for _ in range(5):
        evaluation.submit(mcq=1)

    taken = api.call("GET", "/stats", evaluation.learner.id).json()["duration_seconds"]

    assert 0 <= taken["p50"] <= taken["p95"] < 5


def test_statistics_count_what_graded_and_what_it_cost(start: Start, api: Api) -> None:
    evaluation = start(free_questions=6)
    evaluation.run(evaluation.submit_free([f"Answer {n} about cells" for n in range(6)]))
    evaluation.submit_free(["Answer 0 about cells"])
    evaluation.submit(mcq=1)

    stats = api.call("GET", "/stats", evaluation.learner.id).json()

    assert stats["grades_by_source"] == {"rule": 1, "model": 6, "cache": 1, "human": 0}
    assert stats["cache"]["hits"] == 1
    assert stats["cache"]["hit_rate"] == pytest.approx(1 / 7, abs=1e-4)
    assert stats["cache"]["by_origin"] == {"model": 1, "human": 0}
    assert stats["batches"]["sizes"] == {"6": 1}
    assert stats["duration_seconds"]["with_model_p50"] is not None
    assert stats["appeals"]["total"] == 0
    assert stats["submissions"]["completed"] == 3
