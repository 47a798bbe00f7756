"""Grades follow the edits of their questions: by rule at once, free answers by a job."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from functions.evaluation.grade_store import history
from functions.evaluation.regrading import Regraded, Regrading
from functions.evaluation.service import ClassSubmitted
from functions.evaluation.sweeping import RegradeSweep, SweepIncomplete
from shared.ai import ModelRequest, ReplyBlocked
from shared.database.tables.evaluation import Answer, Grade
from shared.database.tables.jobs import Job
from shared.database.tables.questions import RegradeRequest
from shared.jobs.store import JobStore
from tests.fakes.state_machine import FakeStateMachine
from tests.integration.evaluation.conftest import Api
from tests.integration.evaluation.evaluation_harness import (
    Evaluation,
    judge,
    judge_nothing_met,
    texts_of,
)

Start = Callable[..., Evaluation]
RUBRIC = [{"id": "c1", "criterion": "Says that it makes energy.", "points": 3.0}]


def test_an_edited_key_regrades_when_the_submission_is_read_next(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = evaluation.submit(mcq=2, true_false=True)
    evaluation.edit(evaluation.questions["mcq"], answer=2)

    path = f"/submissions/{submitted.submission.id}"
    view = api.call("GET", path, evaluation.learner.id).json()

    [mcq] = [one for one in view["answers"] if one["type"] == "mcq"]
    assert (mcq["score"], mcq["source"], mcq["grade_version"]) == (1.0, "rule", 2)
    assert mcq["provenance"]["by"] == str(evaluation.owner.id)
    assert mcq["provenance"]["replaced_score"] == 0.0
    assert view["totals"]["score"] == 2.0


def test_a_regrading_happens_once_and_keeps_grades_that_stay_the_same(start: Start) -> None:
    evaluation = start()
    evaluation.submit(mcq=1)
    evaluation.submit(mcq=3)
    evaluation.edit(evaluation.questions["mcq"], answer=3)

    first = evaluation.handle_requests()
    second = evaluation.handle_requests()

    assert [(one.answers, one.changed) for one in first] == [(2, 2)]
    assert second == []


def test_an_answer_follows_its_option_to_another_place(start: Start) -> None:
    evaluation = start()
    submitted = evaluation.submit(mcq=1)
    evaluation.edit(
        evaluation.questions["mcq"],
        options=["mitochondrion", "nucleus", "ribosome", "membrane"],
        answer=0,
    )
    [done] = evaluation.handle_requests()

    assert done.changed == 0
    assert [grade.score for grade in evaluation.grades(submitted)] == [1.0]
    assert evaluation.answers(submitted)[0].answer == 0


def test_an_answer_follows_its_option_through_several_edits(start: Start) -> None:
    evaluation = start()
    submitted = evaluation.submit(mcq=1)
    shuffled = ["mitochondrion", "nucleus", "ribosome", "membrane"]
    for key in (0, 1, 0):
        evaluation.edit(evaluation.questions["mcq"], options=shuffled, answer=key)
        evaluation.handle_requests()
        assert [grade.score for grade in evaluation.grades(submitted)] == [1.0 - key]


def test_a_persons_grade_stands_whatever_is_edited(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = evaluation.submit(mcq=2)
    path = f"/submissions/{submitted.submission.id}/answers/{evaluation.questions['mcq']}/override"
    api.call("POST", path, evaluation.owner.id, json={"score": 0.5, "reason": "Half right."})
    evaluation.edit(evaluation.questions["mcq"], answer=2)

    [done] = evaluation.handle_requests()

    assert done.changed == 0
    assert [grade.score for grade in evaluation.grades(submitted)] == [0.5]


def graded_class(evaluation: Evaluation, learners: int) -> ClassSubmitted:
    """A class with a free answer each, graded by the question's first version."""
    submitted = evaluation.hand_in_class(
        {
            f"number {n}": {evaluation.free[0]: f"Part {n} of it makes energy"}
            for n in range(learners)
        }
    )
    assert submitted.job is not None
    evaluation.run_job(submitted.job.id, submitted.ordinals)
    evaluation.model.requests.clear()
    return submitted


def edited(evaluation: Evaluation, **content: Any) -> Regraded:
    """The free question edited, and the request for regrading handled."""
    evaluation.edit(evaluation.free[0], **(content or {"rubric": RUBRIC}))
    [done] = evaluation.handle_requests()
    return done


def run(evaluation: Evaluation, done: Regraded) -> None:
    assert done.job is not None
    evaluation.run_job(done.job.id, done.ordinals)


def histories(evaluation: Evaluation) -> list[list[Grade]]:
    """Every grade of every answer to the free question, by the answers' order."""
    with evaluation.database.transaction() as session:
        query = select(Answer.id).where(Answer.question_id == evaluation.free[0])
        ids = session.execute(query.order_by(Answer.id)).scalars().all()
        return [history(session, one) for one in ids]


def job_of(evaluation: Evaluation, done: Regraded) -> Job:
    assert done.job is not None
    with evaluation.database.transaction() as session:
        return session.get_one(Job, done.job.id)


def test_free_answers_are_judged_again_in_batches_after_their_rubric_was_edited(
    start: Start,
) -> None:
    evaluation = start()
    graded_class(evaluation, 20)

    done = edited(evaluation)
    run(evaluation, done)

    assert len(evaluation.model.requests) <= 20 / 5
    assert {len(texts_of(one)) for one in evaluation.model.requests} <= set(range(5, 11))
    for first, second in histories(evaluation):
        assert (first.version, first.max_score) == (1, 2.0)
        assert (second.version, second.score, second.max_score) == (2, 3.0, 3.0)
        assert second.source == "model"
        assert second.provenance["by"] == str(evaluation.owner.id)
        assert second.provenance["regraded"]
        assert second.provenance["question_version"] == 2
        assert second.provenance["replaced_version"] == 1
    job = job_of(evaluation, done)
    assert (job.status, job.done, job.total, job.user_id) == (
        *("completed", 20, 20),
        evaluation.owner.id,
    )


def test_the_fresh_grades_of_a_regrading_are_told_while_it_runs(start: Start) -> None:
    evaluation = start()
    graded_class(evaluation, 12)

    done = edited(evaluation)
    run(evaluation, done)

    assert done.job is not None
    with evaluation.database.transaction() as session:
        events = JobStore(session).events(done.job.id, 0)
    told = [one for event in events for one in event.payload.get("grades", [])]
    assert len({one["submission_id"] for one in told}) == len(told) == 12
    assert {one["max_score"] for one in told} == {3.0}
    assert [event.type for event in events][-1] == "job.completed"


def test_equal_answers_are_judged_again_once(start: Start) -> None:
    evaluation = start()
    same = {evaluation.free[0]: "It makes energy for all"}
    submitted = evaluation.hand_in_class({f"number {n}": same for n in range(9)})
    assert submitted.job is not None
    evaluation.run_job(submitted.job.id, submitted.ordinals)
    evaluation.model.requests.clear()

    run(evaluation, edited(evaluation))

    assert [texts_of(one) for one in evaluation.model.requests] == [list(same.values())]
    assert {grades[-1].max_score for grades in histories(evaluation)} == {3.0}


def test_a_persons_grade_of_a_free_answer_stands(start: Start, api: Api) -> None:
    evaluation = start()
    submitted = graded_class(evaluation, 6)
    path = f"/submissions/{submitted.submissions[0].id}/answers/{evaluation.free[0]}/override"
    api.call("POST", path, evaluation.owner.id, json={"score": 0.5, "reason": "Half right."})

    done = edited(evaluation)
    run(evaluation, done)

    assert done.answers == 5
    first, *others = histories(evaluation)
    assert [(one.source, one.score) for one in first] == [("model", 2.0), ("human", 0.5)]
    assert [len(one) for one in others] == [2] * 5


def test_a_person_who_grades_while_the_model_judges_again_has_the_last_word(
    start: Start, api: Api
) -> None:
    evaluation = start()
    submitted = graded_class(evaluation, 6)
    path = f"/submissions/{submitted.submissions[2].id}/answers/{evaluation.free[0]}/override"

    def override_meanwhile(request: ModelRequest[Any]) -> Any:
        api.call("POST", path, evaluation.owner.id, json={"score": 0.5, "reason": "Half right."})
        return judge(request)

    done = edited(evaluation)
    evaluation.answer_by(override_meanwhile)
    run(evaluation, done)

    assert [one[-1].source for one in histories(evaluation)] == [
        *("model", "model", "human"),
        *("model", "model", "model"),
    ]
    assert job_of(evaluation, done).status == "completed"


def test_a_person_who_grades_one_of_equal_answers_leaves_the_others_to_the_model(
    start: Start, api: Api
) -> None:
    evaluation = start()
    same = {evaluation.free[0]: "It makes energy for all"}
    submitted = evaluation.hand_in_class({f"number {n}": same for n in range(3)})
    assert submitted.job is not None
    evaluation.run_job(submitted.job.id, submitted.ordinals)
    done = edited(evaluation)
    for number in (0, 1, 2):
        path = f"/submissions/{submitted.submissions[number].id}/answers/{evaluation.free[0]}"
        if number != 2:
            body = {"score": 1, "reason": "Half right."}
            api.call("POST", f"{path}/override", evaluation.owner.id, json=body)

    run(evaluation, done)

    assert [one[-1].source for one in histories(evaluation)][:2] == ["human", "human"]
    assert histories(evaluation)[2][-1].provenance["regraded"]


def test_a_regrading_that_is_killed_at_any_point_gives_each_answer_one_further_grade(
    start: Start,
) -> None:
    evaluation = start()
    graded_class(evaluation, 14)
    done = edited(evaluation)
    assert done.job is not None

    # The first worker is lost with its lease run out, before anything is stored.
    lost = evaluation.claim(done.job.id, 1, seconds=0)
    run(evaluation, done)
    # It comes back late, and the message is delivered once more.
    with pytest.raises(Exception, match="ended"):
        asyncio.run(evaluation.pipeline.grade(lost))
    assert evaluation.handle_requests() == []

    assert [len(one) for one in histories(evaluation)] == [2] * 14
    assert len(evaluation.model.requests) == len(done.ordinals)


def test_two_edits_at_once_leave_the_grade_of_the_last_one(start: Start) -> None:
    evaluation = start()
    graded_class(evaluation, 6)
    first = edited(evaluation)
    second = edited(evaluation, rubric=[{**RUBRIC[0], "points": 5.0}])

    run(evaluation, second)
    run(evaluation, first)

    for grades in histories(evaluation):
        assert [(one.version, one.max_score) for one in grades] == [(1, 2.0), (2, 5.0)]
    assert job_of(evaluation, first).status == job_of(evaluation, second).status == "completed"


def test_a_batch_that_was_judged_by_the_edit_before_the_last_comes_too_late(
    start: Start,
) -> None:
    evaluation = start()
    graded_class(evaluation, 6)
    first = edited(evaluation)

    def overtaken(request: ModelRequest[Any]) -> Any:
        evaluation.answer_by(judge)
        last = edited(evaluation, rubric=[{**RUBRIC[0], "points": 5.0}])
        with ThreadPoolExecutor(1) as another_worker:
            another_worker.submit(run, evaluation, last).result()
        return judge(request)

    evaluation.answer_by(overtaken)
    run(evaluation, first)

    for grades in histories(evaluation):
        assert [(one.version, one.max_score) for one in grades] == [(1, 2.0), (2, 5.0)]
    assert job_of(evaluation, first).status == "completed"


def test_two_edits_before_the_sweep_are_one_regrading(start: Start) -> None:
    evaluation = start()
    graded_class(evaluation, 6)
    evaluation.edit(evaluation.free[0], answer="It makes the energy.")
    evaluation.edit(evaluation.free[0], rubric=RUBRIC)

    [done] = evaluation.handle_requests()
    run(evaluation, done)

    assert [len(one) for one in histories(evaluation)] == [2] * 6


def test_an_edit_while_answers_are_judged_first_reaches_them_too(start: Start) -> None:
    evaluation = start()
    submitted = evaluation.submit(short_answer="It makes energy in the cell")
    handled: list[Regraded] = []

    def edit_meanwhile(request: ModelRequest[Any]) -> Any:
        evaluation.edit(evaluation.free[0], rubric=RUBRIC)
        handled.extend(evaluation.handle_requests())
        return judge(request)

    evaluation.answer_by(edit_meanwhile)
    evaluation.run(submitted)
    evaluation.answer_by(judge)
    [done] = evaluation.handle_requests()
    run(evaluation, done)

    assert [one.job for one in handled] == [None]
    [grades] = histories(evaluation)
    assert [one.max_score for one in grades] == [2.0, 3.0]
    assert evaluation.handle_requests() == []


def test_a_blank_answer_follows_the_rubrics_points_without_a_model(start: Start) -> None:
    evaluation = start()
    evaluation.submit(short_answer="")

    done = edited(evaluation)

    assert (done.job, done.changed) == (None, 1)
    [[_, second]] = histories(evaluation)
    assert (second.score, second.max_score, second.verdict) == (0.0, 3.0, "blank")
    assert second.source == "rule"


def test_answers_that_nothing_judges_again_keep_their_grades_and_fail_the_job(
    start: Start,
) -> None:
    evaluation = start()
    graded_class(evaluation, 6)
    done = edited(evaluation)
    evaluation.answer_by(ReplyBlocked("SAFETY"))

    run(evaluation, done)

    assert [len(one) for one in histories(evaluation)] == [1] * 6
    job = job_of(evaluation, done)
    assert (job.status, job.error_code) == ("failed", "answers_not_regraded")


def test_grades_before_an_edit_serve_no_answer_after_it(start: Start) -> None:
    evaluation = start()
    graded_class(evaluation, 6)
    run(evaluation, edited(evaluation))
    evaluation.answer_by(judge_nothing_met)

    again = evaluation.submit(short_answer="Part 3 of it makes energy")

    assert again.job is None
    [grade] = evaluation.grades(again)
    assert (grade.source, grade.score, grade.max_score) == ("cache", 3.0, 3.0)


def test_a_job_of_regrading_is_started_where_a_reader_meets_the_edit(
    start: Start, api: Api
) -> None:
    evaluation = start()
    submitted = graded_class(evaluation, 6)
    evaluation.edit(evaluation.free[0], rubric=RUBRIC)

    path = f"/submissions/{submitted.submissions[0].id}"
    assert api.call("GET", path, evaluation.owner.id).status_code == 200
    assert api.call("GET", path, evaluation.owner.id).status_code == 200

    [(job_id, payload)] = api.state_machine.started.items()
    evaluation.run_job(job_id, [one["ordinal"] for one in payload["chunks"]])
    assert api.call("GET", path, evaluation.owner.id).json()["totals"]["max_score"] == 3.0


def sweep(evaluation: Evaluation, state_machine: FakeStateMachine) -> RegradeSweep:
    @contextmanager
    def open_regrading() -> Iterator[Regrading]:
        with evaluation.database.transaction() as session:
            yield evaluation.regrading(session)

    return RegradeSweep(open_regrading, state_machine)


def test_the_sweep_handles_what_nobody_reads_and_starts_the_jobs(start: Start) -> None:
    evaluation, state_machine = start(), FakeStateMachine()
    graded_class(evaluation, 6)
    submitted = evaluation.submit(mcq=2)
    evaluation.edit(evaluation.free[0], rubric=RUBRIC)
    evaluation.edit(evaluation.questions["mcq"], answer=2)

    assert sweep(evaluation, state_machine).run() == 2
    assert sweep(evaluation, state_machine).run() == 0

    [(job_id, payload)] = state_machine.started.items()
    evaluation.run_job(job_id, [one["ordinal"] for one in payload["chunks"]])
    assert [len(one) for one in histories(evaluation)] == [2] * 6
    assert [grade.score for grade in evaluation.grades(submitted)] == [1.0]


def test_a_start_that_is_lost_is_told_and_leaves_the_job_to_the_sweep_over_jobs(
    start: Start,
) -> None:
    evaluation, state_machine = start(), FakeStateMachine()
    graded_class(evaluation, 6)
    evaluation.edit(evaluation.free[0], rubric=RUBRIC)
    state_machine.outage = ConnectionError("Step Functions is away")

    with pytest.raises(SweepIncomplete):
        sweep(evaluation, state_machine).run()

    with evaluation.database.transaction() as session:
        queued = session.execute(select(Job).where(Job.status == "queued")).scalars().all()
        left = session.execute(select(RegradeRequest.handled_at)).scalars().all()
    assert len(queued) == 1
    assert None not in left


def test_a_question_that_can_not_be_handled_stops_no_other(start: Start) -> None:
    evaluation, state_machine = start(), FakeStateMachine()
    submitted = evaluation.submit(mcq=2, true_false=True)
    evaluation.edit(evaluation.questions["true_false"], answer=False)
    evaluation.edit(evaluation.questions["mcq"], answer=2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Regrading, "handle", _failing_but_for({evaluation.questions["mcq"]}))
        with pytest.raises(SweepIncomplete):
            sweep(evaluation, state_machine).run()

    assert evaluation.grades(submitted)[0].score == 1.0


def _failing_but_for(handled: set[uuid.UUID]) -> Any:
    handle = Regrading.handle

    def handle_some(self: Regrading, question_id: uuid.UUID) -> Regraded | None:
        if question_id not in handled:
            raise RuntimeError("broken")
        return handle(self, question_id)

    return handle_some
