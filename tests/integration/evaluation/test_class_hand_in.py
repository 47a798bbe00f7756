"""A class's answers handed in by one call: stored at once, graded together by one job."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from functions.evaluation.grade_store import grades_in_force
from functions.evaluation.service import ClassSubmitted
from shared.ai import ModelRequest, ReplyBlocked
from shared.database.tables.evaluation import Answer, Grade, Submission
from shared.database.tables.jobs import Job
from shared.jobs.model import Event
from shared.jobs.store import JobStore
from shared.realtime.connections import fitted
from tests.factories.drafts import data_of
from tests.factories.rows import add_user
from tests.fakes.language_model import FakeLanguageModel
from tests.integration.evaluation.conftest import Api
from tests.integration.evaluation.evaluation_harness import Evaluation, judge, texts_of

Start = Callable[..., Evaluation]
WORDS = [
    "amber",
    "basalt",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "glade",
    "heath",
    "island",
    "jetty",
    "kelp",
    "lagoon",
]


def sheets(evaluation: Evaluation, learners: int) -> dict[str, dict[uuid.UUID, Any]]:
    """Every learner answers every free question in words of their own, and a choice."""
    return {
        f"7b, number {number}": {
            evaluation.questions["mcq"]: number % 4,
            **{
                question: f"{WORDS[place % 12].title()} moves {number} times in its cell {place}"
                for place, question in enumerate(evaluation.free)
            },
        }
        for number in range(learners)
    }


def run(evaluation: Evaluation, submitted: ClassSubmitted) -> None:
    assert submitted.job is not None
    evaluation.run_job(submitted.job.id, submitted.ordinals)


def statuses(evaluation: Evaluation, submitted: ClassSubmitted) -> list[str]:
    with evaluation.database.transaction() as session:
        return [session.get_one(Submission, one.id).status for one in submitted.submissions]


def body(evaluation: Evaluation, answers: dict[str, dict[uuid.UUID, Any]]) -> dict[str, Any]:
    return {
        "question_set_id": str(evaluation.set_id),
        "submissions": [
            {
                "learner": learner,
                "answers": [{"question_id": str(q), "answer": a} for q, a in given.items()],
            }
            for learner, given in answers.items()
        ],
    }


def hand_in(api: Api, evaluation: Evaluation, content: Any, **options: Any) -> Any:
    caller = options.pop("user_id", evaluation.owner.id)
    return api.call("POST", "/submissions/batch", caller, json=content, **options)


def test_answers_of_many_learners_to_one_question_travel_together(start: Start) -> None:
    evaluation = start(free_questions=5)

    submitted = evaluation.hand_in_class(sheets(evaluation, 20))
    run(evaluation, submitted)

    calls = evaluation.model.requests
    assert len(calls) <= 100 / 5 + 2
    assert {5 <= len(texts_of(one)) <= 10 for one in calls} == {True}
    alone = [len(data_of(one, "questions")) for one in calls]
    assert alone.count(1) >= len(calls) / 2
    assert statuses(evaluation, submitted) == ["completed"] * 20
    with evaluation.database.transaction() as session:
        assert session.execute(select(func.count(Grade.id))).scalar_one() == 120


def test_an_equal_answer_of_many_learners_is_judged_once(start: Start) -> None:
    evaluation = start()
    same = {evaluation.free[0]: "Mitochondria make the energy."}

    submitted = evaluation.hand_in_class({f"learner {n}": same for n in range(30)})
    run(evaluation, submitted)

    assert [texts_of(one) for one in evaluation.model.requests] == [list(same.values())]
    assert statuses(evaluation, submitted) == ["completed"] * 30


def test_a_learners_submission_is_complete_with_its_own_last_answer(start: Start) -> None:
    evaluation = start(free_questions=2)
    first, second = evaluation.free
    answers = {f"early {n}": {first: f"Part {n} of it works so"} for n in range(8)}
    answers |= {f"late {n}": {second: f"Way {n} of it goes so"} for n in range(8)}

    submitted = evaluation.hand_in_class(answers)
    assert submitted.job is not None
    asyncio.run(evaluation.pipeline.grade(evaluation.claim(submitted.job.id, 1)))
    halfway = statuses(evaluation, submitted)
    asyncio.run(evaluation.pipeline.grade(evaluation.claim(submitted.job.id, 2)))

    assert halfway == ["completed"] * 8 + ["grading"] * 8
    assert statuses(evaluation, submitted) == ["completed"] * 16
    with evaluation.database.transaction() as session:
        events = JobStore(session).events(submitted.job.id, 0)
    assert [event.type for event in events] == [
        *("job.started", "job.progress", "job.progress", "job.completed")
    ]
    told = {one["submission_id"] for event in events for one in event.payload.get("grades", [])}
    assert told == {str(one.id) for one in submitted.submissions}
    results = events[-1].payload["result"]["submissions"]
    assert [one["learner"] for one in results] == list(answers)


def test_one_answer_that_nothing_judges_fails_its_own_submission_only(start: Start) -> None:
    def refuse_one(request: ModelRequest[Any]) -> Any:
        texts = texts_of(request)
        return ReplyBlocked("SAFETY") if any("poison" in one for one in texts) else judge(request)

    evaluation = start(refuse_one)
    answers = {f"learner {n}": {evaluation.free[0]: f"Part {n} of it works so"} for n in range(5)}
    answers["the other"] = {evaluation.free[0]: "It makes poison for all"}

    submitted = evaluation.hand_in_class(answers)
    run(evaluation, submitted)

    assert statuses(evaluation, submitted) == ["completed"] * 5 + ["failed"]
    assert submitted.job is not None
    with evaluation.database.transaction() as session:
        job = session.get_one(Job, submitted.job.id)
    assert (job.error_code, job.done) == ("answers_not_graded", 6)


def test_many_grades_of_one_batch_are_told_in_portions(start: Start) -> None:
    evaluation = start()
    same = {evaluation.free[0]: "Mitochondria make the energy."}

    submitted = evaluation.hand_in_class({f"learner {n}": same for n in range(100)})
    run(evaluation, submitted)

    assert submitted.job is not None
    with evaluation.database.transaction() as session:
        events = JobStore(session).events(submitted.job.id, 0)
    progress = [one.payload for one in events if one.type == "job.progress"]
    assert [len(one["grades"]) for one in progress] == [40, 40, 20]
    assert [one["done"] for one in progress] == [40, 80, 100]


def test_the_owner_hands_a_class_in_and_reads_every_submission(start: Start, api: Api) -> None:
    evaluation = start(free_questions=2)

    response = hand_in(api, evaluation, body(evaluation, sheets(evaluation, 3)))

    assert response.status_code == 202
    handed_in = response.json()
    assert list(api.state_machine.started) == [uuid.UUID(handed_in["job"]["id"])]
    assert handed_in["job"]["total"] == 6
    learners = [one["learner"] for one in handed_in["submissions"]]
    assert learners == ["7b, number 0", "7b, number 1", "7b, number 2"]
    assert [one["totals"]["score"] for one in handed_in["submissions"]] == [0, 1, 0]
    assert {one["totals"]["graded"] for one in handed_in["submissions"]} == {1}
    path = f"/submissions/{handed_in['submissions'][1]['id']}"
    view = api.call("GET", path, evaluation.owner.id).json()
    assert (view["learner"], len(view["answers"])) == ("7b, number 1", 3)
    listed = api.call(
        "GET", f"/submissions?question_set_id={evaluation.set_id}", evaluation.owner.id
    ).json()
    assert {one["learner"] for one in listed["items"]} == set(learners)
    assert api.call("GET", path, evaluation.learner.id).status_code == 404


def test_the_learners_of_a_class_count_in_the_teachers_numbers(start: Start, api: Api) -> None:
    evaluation = start()
    mcq = evaluation.questions["mcq"]
    evaluation.hand_in_class({f"learner {n}": {mcq: n % 4} for n in range(12)})
    # Handed in again: a learner's first submission counts.
    evaluation.hand_in_class({"learner 1": {mcq: 0}})

    numbers = api.call("GET", f"/sets/{evaluation.set_id}/analysis", evaluation.owner.id).json()

    assert numbers["learners"] == 12
    assert {one["learner"] for one in numbers["scores"]} == {f"learner {n}" for n in range(12)}
    [item] = [one for one in numbers["items"] if one["type"] == "mcq"]
    assert [one["count"] for one in item["chosen"]] == [3, 3, 3, 3]


def with_keys(evaluation: Evaluation, learners: list[tuple[str, str | None, int]]) -> Any:
    """A choice by each (name, key, option)."""
    content = body(evaluation, {})
    content["submissions"] = [
        {
            "learner": name,
            "learner_key": key,
            "answers": [{"question_id": str(evaluation.questions["mcq"]), "answer": option}],
        }
        for name, key, option in learners
    ]
    return content


def test_a_learner_who_is_renamed_stays_the_same_by_key(start: Start, api: Api) -> None:
    evaluation = start()
    path = f"/sets/{evaluation.set_id}/analysis"
    assert hand_in(api, evaluation, with_keys(evaluation, [("Ada B.", "7b-1", 1)])).is_success
    assert hand_in(api, evaluation, with_keys(evaluation, [("Ada L.", "7b-1", 0)])).is_success
    assert hand_in(api, evaluation, with_keys(evaluation, [("7b-1", None, 2)])).is_success

    numbers = api.call("GET", path, evaluation.owner.id).json()

    told = {(one["learner"], one["learner_key"]) for one in numbers["scores"]}
    assert told == {("Ada B.", "7b-1"), ("7b-1", None)}


def test_two_learners_of_one_name_have_a_key_each(start: Start, api: Api) -> None:
    evaluation = start()
    content = with_keys(evaluation, [("Ada", "7b-1", 1), ("Ada", "7b-2", 0)])

    response = hand_in(api, evaluation, content)

    assert response.status_code == 201
    told = [(one["learner"], one["learner_key"]) for one in response.json()["submissions"]]
    assert told == [("Ada", "7b-1"), ("Ada", "7b-2")]
    numbers = api.call("GET", f"/sets/{evaluation.set_id}/analysis", evaluation.owner.id).json()
    assert numbers["learners"] == 2


def test_a_key_that_stands_twice_is_refused(start: Start, api: Api) -> None:
    evaluation = start()
    content = with_keys(evaluation, [("Ada", "7b-1", 1), ("Blaise", "7b-1", 0)])

    response = hand_in(api, evaluation, content)

    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"field": "submissions.1.learner_key", "message": "stands twice"}
    ]


def test_objective_answers_of_a_class_are_graded_in_the_call(start: Start, api: Api) -> None:
    evaluation = start()
    answers = {f"learner {n}": {evaluation.questions["mcq"]: 1} for n in range(5)}

    response = hand_in(api, evaluation, body(evaluation, answers))

    assert response.status_code == 201
    assert response.json()["job"] is None
    assert {one["status"] for one in response.json()["submissions"]} == {"completed"}
    assert not api.state_machine.started


def test_the_same_class_handed_in_twice_with_a_key_is_stored_once(start: Start, api: Api) -> None:
    evaluation = start()
    content = body(evaluation, sheets(evaluation, 4))

    first = hand_in(api, evaluation, content, key="class 7b")
    second = hand_in(api, evaluation, content, key="class 7b")

    assert first.json() == second.json()
    with evaluation.database.transaction() as session:
        assert session.execute(select(func.count(Submission.id))).scalar_one() == 4
        assert session.execute(select(func.count(Job.id))).scalar_one() == 1 + 1


def test_only_who_gives_the_sets_grades_hands_a_class_in(start: Start, api: Api) -> None:
    evaluation = start()
    content = body(evaluation, sheets(evaluation, 2))
    with evaluation.database.transaction() as session:
        other = add_user(session).id

    assert hand_in(api, evaluation, content, user_id=other).status_code == 403
    assert hand_in(api, evaluation, content, user_id=other, role="teacher").status_code == 202
    content["question_set_id"] = str(uuid.uuid4())
    assert hand_in(api, evaluation, content).status_code == 404


def test_every_wrong_field_of_a_class_is_named_and_nothing_is_stored(
    start: Start, api: Api
) -> None:
    evaluation = start()
    mcq, free = evaluation.questions["mcq"], evaluation.free[0]
    answers: dict[str, dict[uuid.UUID, Any]] = {
        "one": {mcq: 1, free: 7},
        "two": {mcq: 9},
        "three": {uuid.uuid4(): 1},
    }

    response = hand_in(api, evaluation, body(evaluation, answers))

    assert response.status_code == 422
    assert [one["field"] for one in response.json()["errors"]] == [
        "submissions.0.answers.1.answer",
        "submissions.1.answers.0.answer",
        "submissions.2.answers.0.question_id",
    ]
    with evaluation.database.transaction() as session:
        assert session.execute(select(func.count(Answer.id))).scalar_one() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda content: content["submissions"].append(content["submissions"][0]), "2.learner"),
        (lambda content: content["submissions"][1].update(learner="  "), "1.learner"),
        (lambda content: content["submissions"][1].update(learner="a\nb"), "1.learner"),
        (lambda content: content["submissions"][1].update(learner="x" * 101), "1.learner"),
        (lambda content: content["submissions"][1].update(answers=[]), "1.answers"),
    ],
)
def test_a_class_with_a_wrong_learner_is_refused_by_field(
    start: Start, api: Api, change: Callable[[Any], None], field: str
) -> None:
    evaluation = start()
    content = body(evaluation, sheets(evaluation, 2))
    change(content)

    response = hand_in(api, evaluation, content)

    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == f"submissions.{field}"


def test_too_many_answers_of_a_class_are_refused(start: Start, api: Api) -> None:
    evaluation = start(free_questions=9)
    few = dict.fromkeys(evaluation.free, "Some words")
    content = body(evaluation, {f"learner {n}": few for n in range(450)})

    response = hand_in(api, evaluation, content)

    assert (response.status_code, response.json()["code"]) == (422, "too_many_answers")


def test_a_model_that_fails_for_good_leaves_the_objective_grades(start: Start) -> None:
    evaluation = start(ReplyBlocked("SAFETY"))
    assert isinstance(evaluation.model, FakeLanguageModel)

    submitted = evaluation.hand_in_class(sheets(evaluation, 2))
    run(evaluation, submitted)

    assert statuses(evaluation, submitted) == ["failed", "failed"]
    with evaluation.database.transaction() as session:
        for one in submitted.submissions:
            grades = grades_in_force(session, one.id).values()
            assert [grade.source for grade in grades] == ["rule"]


def test_a_class_of_many_batches_has_a_later_deadline_than_a_learner(start: Start) -> None:
    evaluation = start(free_questions=2)
    alone = evaluation.submit_free(["It works in its cell alone"])
    together = evaluation.hand_in_class(sheets(evaluation, 150))

    assert alone.job is not None
    assert together.job is not None
    batches = len(together.ordinals)
    assert batches >= 30
    longer = (together.job.deadline_at - alone.job.deadline_at).total_seconds()
    # Twice what a pool of ten calls a minute needs for the other batches.
    assert longer == pytest.approx(2 * (batches - 1) * 6, abs=5)


def events_of(evaluation: Evaluation, submitted: ClassSubmitted) -> list[Event]:
    assert submitted.job is not None
    with evaluation.database.transaction() as session:
        return JobStore(session).events(submitted.job.id, 0, 1000)


def test_the_results_of_a_large_class_reach_a_socket_whole_in_parts(start: Start) -> None:
    evaluation = start()
    same = {evaluation.free[0]: "Mitochondria make the energy."}
    names = [f"{number:03} " + "\u4e2d" * 96 for number in range(400)]

    submitted = evaluation.hand_in_class(dict.fromkeys(names, same))
    run(evaluation, submitted)

    frames = [fitted(one.frame()) for one in events_of(evaluation, submitted)]
    assert not any("truncated" in frame for frame in frames)
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    parts = [frame["submissions"] for frame in frames if "submissions" in frame]
    assert len(parts) > 1
    assert [one["learner"] for part in parts for one in part] == names
    assert frames[-1]["type"] == "job.completed"
    assert frames[-1]["result"] == {"submissions_told": 400, "parts": len(parts)}
    assert submitted.job is not None
    with evaluation.database.transaction() as session:
        result = session.get_one(Job, submitted.job.id).result
    assert result is not None
    assert result["submissions"] == [one for part in parts for one in part]


def test_long_feedback_of_many_learners_reaches_a_socket_whole(start: Start) -> None:
    def judge_at_length(request: ModelRequest[Any]) -> Any:
        reply = judge(request)
        for one in reply.answers:
            one.feedback = "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd " * 800
        return reply

    evaluation = start(judge_at_length)
    same = {evaluation.free[0]: "Mitochondria make the energy."}

    submitted = evaluation.hand_in_class({f"learner {n}": same for n in range(40)})
    run(evaluation, submitted)

    frames = [fitted(one.frame()) for one in events_of(evaluation, submitted)]
    assert not any("truncated" in frame for frame in frames)
    assert sum(len(frame.get("grades", [])) for frame in frames) == 40
