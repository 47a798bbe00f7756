"""Doubted grades over HTTP: fresh gradings, decisions, overrides and history."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from functions.evaluation.service import Submitted
from shared.ai import ReplyBlocked
from shared.database.tables.evaluation import CachedGrade
from shared.jobs.store import JobStore
from tests.factories.rows import add_user
from tests.integration.evaluation.conftest import Api
from tests.integration.evaluation.evaluation_harness import (
    Evaluation,
    judge,
    judge_nothing_met,
)

Start = Callable[..., Evaluation]
ANSWER = "Mitochondria make the energy."


def path_of(evaluation: Evaluation, submitted: Submitted, kind: str = "short_answer") -> str:
    return f"/submissions/{submitted.submission.id}/answers/{evaluation.questions[kind]}"


def appeal(api: Api, evaluation: Evaluation, submitted: Submitted, **options: Any) -> Any:
    path = path_of(evaluation, submitted, options.pop("kind", "short_answer"))
    body = {"reason": "I said so."}
    return api.call("POST", f"{path}/appeal", evaluation.learner.id, json=body, **options)


def override(
    api: Api, evaluation: Evaluation, submitted: Submitted, score: Any = 1.5, **options: Any
) -> Any:
    path = path_of(evaluation, submitted, options.pop("kind", "short_answer"))
    user_id = options.pop("user_id", evaluation.owner.id)
    body = {"score": score, "reason": "Said in other words."} | options.pop("body", {})
    return api.call("POST", f"{path}/override", user_id, json=body, **options)


def graded(evaluation: Evaluation, answer: str = ANSWER, **others: Any) -> Submitted:
    submitted = evaluation.submit(short_answer=answer, **others)
    if submitted.job is not None:
        evaluation.run(submitted)
    return submitted


def appealed(api: Api, evaluation: Evaluation, submitted: Submitted) -> dict[str, Any]:
    """Appeal, and run the fresh grading; the appeal as it is then."""
    made = appeal(api, evaluation, submitted).json()
    evaluation.run_job(uuid.UUID(made["job"]["id"]))
    history = api.call(
        "GET", f"{path_of(evaluation, submitted)}/history", evaluation.learner.id
    ).json()
    return dict(history["appeals"][-1])


def test_an_appeal_starts_a_job_of_one_chunk(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)

    answered = appeal(api, evaluation, submitted)

    assert answered.status_code == 202
    body = answered.json()
    assert body["appeal"]["status"] == "grading"
    assert body["appeal"]["grade"]["score"] == 2.0
    assert body["job"]["total"] == 1
    assert uuid.UUID(body["job"]["id"]) in api.state_machine.started


def test_a_fresh_grading_that_agrees_confirms_the_grade(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)

    ended = appealed(api, evaluation, submitted)

    assert ended["status"] == "confirmed"
    assert ended["differs"] is False
    assert len(evaluation.model.requests) == 2
    assert [grade.version for grade in evaluation.grades(submitted)] == [1]


def test_a_fresh_grading_that_differs_stands_in_the_teachers_list(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    evaluation.answer_by(judge_nothing_met)

    ended = appealed(api, evaluation, submitted)
    listed = api.call("GET", "/appeals?status=open", evaluation.owner.id).json()["items"]

    assert ended["status"] == "open"
    assert ended["fresh"]["score"] == 0.0
    assert [one["id"] for one in listed] == [ended["id"]]
    assert [grade.score for grade in evaluation.grades(submitted)] == [2.0]
    assert api.call("GET", "/appeals", evaluation.learner.id).json()["items"] == []


def test_an_appeal_never_asks_the_cache_and_a_doubted_grade_leaves_it(
    start: Start, api: Api
) -> None:
    evaluation = start()
    graded(evaluation)
    from_cache = graded(evaluation)
    assert [grade.source for grade in evaluation.grades(from_cache)] == ["cache"]
    evaluation.answer_by(judge_nothing_met)

    ended = appealed(api, evaluation, from_cache)
    later = evaluation.submit(short_answer=ANSWER)

    assert ended["doubted_source"] == "cache"
    assert ended["differs"] is True
    assert later.job is not None
    stats = api.call("GET", "/stats", evaluation.learner.id).json()
    assert stats["appeals"]["disagreements_on_cached_grades"] == 1


@pytest.mark.parametrize(
    ("accept", "score", "status"), [(True, 0, "accepted"), (False, 2, "rejected")]
)
def test_a_teacher_decides_and_equal_answers_get_the_same(
    start: Start, api: Api, accept: bool, score: float, status: str
) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    evaluation.answer_by(judge_nothing_met)
    ended = appealed(api, evaluation, submitted)

    decided = api.call(
        "POST",
        f"/appeals/{ended['id']}/decision",
        evaluation.owner.id,
        json={"accept": accept, "reason": "I have read it."},
    )

    assert decided.status_code == 200
    assert decided.json()["status"] == status
    assert [grade.score for grade in evaluation.grades(submitted)] == [score]
    later = evaluation.submit(short_answer=ANSWER)
    assert [(g.source, g.score) for g in evaluation.grades(later)] == [("cache", score)]
    again = api.call(
        "POST",
        f"/appeals/{ended['id']}/decision",
        evaluation.owner.id,
        json={"accept": True, "reason": "Once more."},
    )
    assert again.json()["code"] == "appeal_not_open"


def test_there_is_one_open_appeal_an_answer_and_one_a_grade(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    made = appeal(api, evaluation, submitted).json()

    assert appeal(api, evaluation, submitted).json()["code"] == "appeal_open"
    evaluation.run_job(uuid.UUID(made["job"]["id"]))
    assert appeal(api, evaluation, submitted).json()["code"] == "already_appealed"


def test_an_appeal_whose_job_was_lost_may_be_made_again(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    made = appeal(api, evaluation, submitted).json()
    with evaluation.database.transaction() as session:
        JobStore(session).cancel(uuid.UUID(made["job"]["id"]))

    assert appeal(api, evaluation, submitted).status_code == 202


def test_the_same_appeal_twice_is_one(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)

    first = appeal(api, evaluation, submitted, key="k1")
    second = appeal(api, evaluation, submitted, key="k1")

    assert second.status_code == 202
    assert first.json() == second.json()
    assert len(api.state_machine.started) == 1


def test_a_rules_grade_is_doubted_before_the_teacher_without_a_job(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation, fill_blank="powerhouse")

    answered = appeal(api, evaluation, submitted, kind="fill_blank")

    assert answered.status_code == 201
    assert answered.json()["job"] is None
    assert answered.json()["appeal"]["status"] == "open"


def test_what_can_not_be_graded_anew_is_refused(start: Start, api: Api) -> None:
    evaluation = start()
    blank = graded(evaluation, answer="  ")
    waiting = evaluation.submit(short_answer="Something else about energy.")
    graded_by_person = graded(evaluation)
    override(api, evaluation, graded_by_person)

    assert appeal(api, evaluation, blank).json()["code"] == "nothing_to_appeal"
    assert appeal(api, evaluation, waiting).json()["code"] == "not_graded_yet"
    assert appeal(api, evaluation, graded_by_person).json()["code"] == "grade_is_final"


def test_only_the_learner_appeals_and_strangers_find_nothing(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    with evaluation.database.transaction() as session:
        stranger = add_user(session).id
    path = f"{path_of(evaluation, submitted)}/appeal"

    by_owner = api.call("POST", path, evaluation.owner.id, json={"reason": "x"})
    by_stranger = api.call("POST", path, stranger, json={"reason": "x"})

    assert (by_owner.status_code, by_stranger.status_code) == (403, 404)
    assert by_stranger.json()["code"] == "submission_not_found"


def test_an_override_is_a_new_version_with_its_reason(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)

    answered = override(api, evaluation, submitted, body={"feedback": "Well said."})

    assert answered.status_code == 200
    grade = answered.json()
    assert (grade["version"], grade["score"], grade["source"]) == (2, 1.5, "human")
    assert grade["feedback"] == "Well said."
    assert grade["provenance"]["by"] == str(evaluation.owner.id)
    assert grade["provenance"]["reason"] == "Said in other words."
    assert grade["provenance"]["replaced_score"] == 2.0
    view = api.call("GET", f"/submissions/{submitted.submission.id}", evaluation.learner.id).json()
    assert view["totals"]["score"] == 1.5
    history = api.call(
        "GET", f"{path_of(evaluation, submitted)}/history", evaluation.learner.id
    ).json()
    assert [one["source"] for one in history["grades"]] == ["model", "human"]


def test_equal_answers_get_a_persons_grade_but_not_its_reason(start: Start, api: Api) -> None:
    evaluation = start()
    override(api, evaluation, graded(evaluation))

    later = evaluation.submit(short_answer="mitochondria make the energy")

    [grade] = evaluation.grades(later)
    assert (grade.score, grade.source) == (1.5, "cache")
    assert grade.provenance["cached_source"] == "human"
    assert grade.provenance["question_version"] == 1
    view = api.call("GET", f"/submissions/{later.submission.id}", evaluation.learner.id)
    assert "Said in other words." not in view.text
    assert not {"reason", "replaced_score", "replaced_version", "appeal"} & set(grade.provenance)
    assert grade.feedback.startswith("0.5 of 2 points are still missing. Read page ")


def test_an_override_is_by_the_question_as_it_stands(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    rubric = [{"id": "c1", "criterion": "Names the mitochondrion.", "points": 5.0}]
    evaluation.edit(evaluation.free[0], rubric=rubric)

    assert override(api, evaluation, submitted, score=5.5).status_code == 422
    assert override(api, evaluation, submitted, score=4).json()["max_score"] == 5.0

    [twin] = evaluation.grades(evaluation.submit(short_answer=ANSWER))
    assert (twin.source, twin.score, twin.max_score) == ("cache", 4.0, 5.0)


def test_a_grade_by_an_older_version_serves_no_answer_to_a_newer_one(
    start: Start, api: Api
) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    evaluation.answer_by(judge_nothing_met)
    ended = appealed(api, evaluation, submitted)
    rubric = [{"id": "c1", "criterion": "Names the mitochondrion.", "points": 5.0}]
    evaluation.edit(evaluation.free[0], rubric=rubric)

    path = f"/appeals/{ended['id']}/decision"
    body = {"accept": False, "reason": "It stands."}
    assert api.call("POST", path, evaluation.owner.id, json=body).status_code == 200

    assert evaluation.submit(short_answer=ANSWER).job is not None


def test_feedback_that_a_person_wrote_is_told_to_equal_answers(start: Start, api: Api) -> None:
    evaluation = start()
    override(api, evaluation, graded(evaluation), body={"feedback": "Name the enzyme, too."})

    [grade] = evaluation.grades(evaluation.submit(short_answer="mitochondria make the energy"))

    assert grade.feedback == "Name the enzyme, too."


def test_an_override_settles_an_open_appeal(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    made = appeal(api, evaluation, submitted).json()

    override(api, evaluation, submitted)
    with pytest.raises(Exception, match="settled"):
        evaluation.run_job(uuid.UUID(made["job"]["id"]))
    evaluation.pipeline.finish(uuid.UUID(made["job"]["id"]))

    history = api.call(
        "GET", f"{path_of(evaluation, submitted)}/history", evaluation.learner.id
    ).json()
    assert [one["status"] for one in history["appeals"]] == ["overridden"]


def test_an_override_completes_a_submission_that_the_model_refused(start: Start, api: Api) -> None:
    evaluation = start(ReplyBlocked("SAFETY"))
    submitted = graded(evaluation)
    assert evaluation.status(submitted) == "failed"

    override(api, evaluation, submitted, score=2)

    assert evaluation.status(submitted) == "completed"


@pytest.mark.parametrize("score", [-0.5, 2.01, "1", True, None, 1e9])
def test_a_score_outside_its_range_is_refused_by_name(start: Start, api: Api, score: Any) -> None:
    evaluation = start()
    submitted = graded(evaluation)

    refused = override(api, evaluation, submitted, score=score)

    assert refused.status_code == 422
    assert [one["field"] for one in refused.json()["errors"]] == ["score"]


@pytest.mark.parametrize("score", ["NaN", "Infinity"])
def test_a_score_that_is_no_number_is_refused(start: Start, api: Api, score: str) -> None:
    evaluation = start()
    submitted = graded(evaluation)

    refused = api.call(
        "POST",
        f"{path_of(evaluation, submitted)}/override",
        evaluation.owner.id,
        content=f'{{"score": {score}, "reason": "x"}}',
    )

    assert refused.status_code == 422


def test_who_may_override(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)
    with evaluation.database.transaction() as session:
        stranger, teacher = add_user(session).id, add_user(session, "teacher").id

    by_learner = override(api, evaluation, submitted, user_id=evaluation.learner.id)
    by_stranger = override(api, evaluation, submitted, user_id=stranger)
    by_teacher = override(api, evaluation, submitted, user_id=teacher, role="teacher")

    assert [one.status_code for one in (by_learner, by_stranger, by_teacher)] == [403, 404, 200]


def test_the_same_override_twice_is_one(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded(evaluation)

    override(api, evaluation, submitted, key="k")
    override(api, evaluation, submitted, key="k")

    assert [grade.version for grade in evaluation.grades(submitted)] == [2]


def test_erasing_the_learner_erases_what_the_cache_quotes(start: Start) -> None:
    evaluation = start()
    graded(evaluation)
    with evaluation.database.transaction() as session:
        learner = session.merge(evaluation.learner)
        session.delete(learner)
        session.flush()
        assert session.execute(select(CachedGrade)).first() is None


def test_the_list_of_submissions(start: Start, api: Api) -> None:
    evaluation = start(judge)
    mine = [evaluation.submit(mcq=1, true_false=False) for _ in range(3)]
    with evaluation.database.transaction() as session:
        stranger = add_user(session).id

    first = api.call("GET", "/submissions?limit=2", evaluation.learner.id).json()
    rest = api.call(
        "GET", f"/submissions?limit=2&cursor={first['next_cursor']}", evaluation.learner.id
    ).json()
    of_set = f"/submissions?question_set_id={evaluation.set_id}"

    listed = [one["id"] for one in first["items"] + rest["items"]]
    assert listed == [str(one.submission.id) for one in reversed(mine)]
    assert rest["next_cursor"] is None
    assert first["items"][0]["totals"] == {
        "answers": 2,
        "graded": 2,
        "blank": 0,
        "score": 1.0,
        "max_score": 2.0,
    }
    assert len(api.call("GET", of_set, evaluation.owner.id).json()["items"]) == 3
    assert api.call("GET", of_set, stranger).json()["items"] == []
    unknown = api.call("GET", f"/submissions?question_set_id={uuid.uuid4()}", stranger)
    assert unknown.status_code == 404
