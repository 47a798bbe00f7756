"""Jobs' lives: what starts, waits and ends them, and who shares the end."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from shared.database.tables.documents import Document
from shared.database.tables.evaluation import Submission
from shared.database.tables.jobs import Job
from shared.database.tables.questions import QuestionSet
from shared.errors import JobCancelled, NotFound
from shared.jobs.model import JobKind, JobStatus
from shared.jobs.schemas import job_view


def add_question_set(
    jobs, user_id: uuid.UUID, job_id: uuid.UUID, status: str = "generating"
) -> QuestionSet:
    document = Document(
        user_id=user_id, filename="a.pdf", object_key=str(uuid.uuid4()), size_bytes=1
    )
    jobs.session.add(document)
    jobs.session.flush()
    question_set = QuestionSet(
        user_id=user_id,
        document_id=document.id,
        job_id=job_id,
        status=status,
        title="A",
        parameters={},
        cache_key="k",
        requested=5,
        shortfall_reasons={},
        coverage={},
        model="m",
        prompt_version="1",
    )
    jobs.session.add(question_set)
    jobs.session.flush()
    return question_set


def test_a_job_starts_once(open_jobs, new_job) -> None:
    job_id = new_job(chunks=3)
    with open_jobs() as jobs:
        assert jobs.start_queued(job_id)
        assert not jobs.start_queued(job_id)
        jobs.start(job_id)
        assert [event.payload for event in jobs.events(job_id, 0)] == [{"total": 3}]


def test_a_job_that_has_ended_does_not_start(open_jobs, new_job) -> None:
    job_id = new_job()
    with open_jobs() as jobs:
        jobs.cancel(job_id)
        assert not jobs.start_queued(job_id)
        with pytest.raises(JobCancelled):
            jobs.start(job_id)


def test_anybody_elses_job_is_not_found(open_jobs, new_job) -> None:
    job_id = new_job()
    with open_jobs() as jobs, pytest.raises(NotFound) as refused:
        jobs.of_user(job_id, uuid.uuid4())
    assert refused.value.code == "job_not_found"


def test_a_wait_is_told_once_and_again_when_it_gets_longer(open_jobs, new_job) -> None:
    job_id = new_job()
    until = datetime.now(UTC) + timedelta(seconds=60)
    with open_jobs() as jobs:
        assert jobs.wait(job_id, "quota", until)
        assert not jobs.wait(job_id, "quota", until + timedelta(seconds=4))
        assert jobs.wait(job_id, "quota", until + timedelta(seconds=20))
        view = job_view(jobs.session.get_one(Job, job_id))
    assert view.status == JobStatus.WAITING
    assert view.waiting is not None
    assert view.waiting.until == until + timedelta(seconds=20)


@pytest.mark.parametrize("end", ["cancel", "fail", "expire"])
def test_a_job_that_ends_badly_takes_its_question_set_and_submission_along(
    open_jobs, user_id, end
) -> None:
    with open_jobs() as jobs:
        generation = jobs.create(JobKind.GENERATION, user_id, 5, timedelta(seconds=-1))
        evaluation = jobs.create(JobKind.EVALUATION, user_id, 5, timedelta(seconds=-1))
        done = jobs.create(JobKind.GENERATION, user_id, 5, timedelta(minutes=1))
        question_set = add_question_set(jobs, user_id, generation.id)
        finished = add_question_set(jobs, user_id, done.id, status="draft")
        submission = Submission(
            user_id=user_id,
            question_set_id=finished.id,
            job_id=evaluation.id,
            status="grading",
        )
        jobs.session.add(submission)
        jobs.session.flush()
        for job in (generation, evaluation):
            if end == "cancel":
                assert jobs.cancel(job.id)
            elif end == "fail":
                assert jobs.fail(job.id, "broken", "It broke.")
            else:
                assert jobs.expire(job.id)
    with open_jobs() as jobs:
        assert jobs.session.get_one(QuestionSet, question_set.id).status == "failed"
        assert jobs.session.get_one(Submission, submission.id).status == "failed"
        assert jobs.session.get_one(QuestionSet, finished.id).status == "draft"


def test_a_job_within_its_time_does_not_expire(open_jobs, new_job) -> None:
    job_id = new_job()
    with open_jobs() as jobs:
        assert not jobs.expire(job_id)


def test_a_frame_tells_what_it_is_whatever_its_payload_says(open_jobs, new_job) -> None:
    job_id = new_job()
    with open_jobs() as jobs:
        job = jobs.start(job_id)
        jobs.progress(job, 1, {"type": "odd", "seq": 99})
        frame = jobs.events(job_id, 1)[0].frame()
    assert (frame["type"], frame["seq"], frame["job_id"]) == ("job.progress", 2, str(job_id))
    assert frame["at"].endswith("Z")


def test_a_failed_jobs_view_says_why(open_jobs, new_job) -> None:
    job_id = new_job()
    with open_jobs() as jobs:
        jobs.fail(job_id, "broken", "It broke.")
        view = job_view(jobs.session.get_one(Job, job_id))
    assert view.model_dump()["error"] == {"code": "broken", "message": "It broke."}
    assert view.finished_at is not None
