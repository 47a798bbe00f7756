"""The HTTP interface of jobs: state, events, cancel."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from fastapi.testclient import TestClient

from functions.jobs.api import app
from functions.jobs.wiring import get_announce
from shared.config import get_settings
from shared.database.engine import get_database
from shared.jobs.executions import Executions
from shared.jobs.model import JobKind
from shared.jobs.wiring import get_executions
from shared.sessions import get_session_directory
from tests.fakes.state_machine import FakeStateMachine


class EverySessionLives:
    def is_alive(self, session_id: uuid.UUID) -> bool:
        return True


def sign_in(user_id: uuid.UUID) -> dict[str, str]:
    now = datetime.now(UTC)
    claims = {
        "iss": "learning-app",
        "aud": "access",
        "sub": str(user_id),
        "sid": str(uuid.uuid4()),
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    token = jwt.encode(claims, get_settings().resolved_jwt_secret(), "HS256")
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def machine() -> FakeStateMachine:
    return FakeStateMachine()


@pytest.fixture
def announced() -> list[uuid.UUID]:
    return []


@pytest.fixture
def client_of(database, machine, announced) -> Iterator[Callable[[uuid.UUID], TestClient]]:
    app.dependency_overrides = {
        get_database: lambda: database,
        get_session_directory: EverySessionLives,
        get_executions: lambda: Executions(dict.fromkeys(JobKind, machine)),
        get_announce: lambda: announced.append,
    }
    yield lambda user_id: TestClient(app, headers=sign_in(user_id))
    app.dependency_overrides = {}


@pytest.fixture
def client(client_of, user_id) -> TestClient:
    return client_of(user_id)


def test_a_job_is_shown_as_the_contract_says(client, new_job) -> None:
    job_id = new_job(chunks=4)
    answer = client.get(f"/api/jobs/{job_id}")
    assert answer.status_code == 200
    job = answer.json()
    assert job.pop("created_at").endswith("Z")
    assert job.pop("deadline_at").endswith("Z")
    assert job == {
        "id": str(job_id),
        "kind": "generation",
        "status": "queued",
        "total": 4,
        "done": 0,
        "cached": False,
        "waiting": None,
        "error": None,
        "result": None,
        "started_at": None,
        "finished_at": None,
    }


def test_a_waiting_job_says_why_and_until_when(client, new_job, open_jobs) -> None:
    job_id = new_job()
    until = datetime(2030, 1, 1, tzinfo=UTC)
    with open_jobs() as jobs:
        jobs.wait(job_id, "requests_per_minute", until)
    job = client.get(f"/api/jobs/{job_id}").json()
    assert job["status"] == "waiting"
    assert job["waiting"] == {"reason": "requests_per_minute", "until": "2030-01-01T00:00:00Z"}


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("GET", "/events"), ("DELETE", "")])
def test_anybody_elses_job_is_not_found(client_of, open_jobs, new_job, method, suffix) -> None:
    job_id = new_job()
    stranger = client_of(uuid.uuid4())
    for wanted in (job_id, uuid.uuid4()):
        answer = stranger.request(method, f"/api/jobs/{wanted}{suffix}")
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    with open_jobs() as jobs:
        assert jobs.lock_active(job_id)


@pytest.mark.parametrize("path", ["/api/jobs/x", "/api/jobs/x/events", "/api/jobs/%00"])
def test_an_id_that_is_none_is_refused(client, path) -> None:
    assert client.get(path).status_code in {404, 422}


def test_no_token_no_job(client, new_job) -> None:
    answer = client.get(f"/api/jobs/{new_job()}", headers={"Authorization": ""})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_events_are_the_frames_of_the_socket(client, new_job, open_jobs) -> None:
    job_id = new_job(chunks=2)
    with open_jobs() as jobs:
        job = jobs.start(job_id)
        jobs.progress(job, 1, {"questions": [{"stem": "?"}]})
        jobs.complete(job_id, {"question_set_id": "x"})
        frames = [event.frame() for event in jobs.events(job_id, 0)]
    answer = client.get(f"/api/jobs/{job_id}/events")
    assert answer.json() == {"items": frames, "next_cursor": None}
    assert [frame["type"] for frame in frames] == ["job.started", "job.progress", "job.completed"]
    after = client.get(f"/api/jobs/{job_id}/events", params={"after": 2}).json()
    assert after["items"] == frames[2:]
    assert client.get(f"/api/jobs/{job_id}/events?after=3").json()["items"] == []


def test_a_long_list_of_events_comes_in_pages(client, new_job, open_jobs) -> None:
    job_id = new_job(chunks=9)
    with open_jobs() as jobs:
        job = jobs.lock(job_id)
        for done in range(1, 10):
            jobs.progress(job, done, {})
    url = f"/api/jobs/{job_id}/events"
    first = client.get(url, params={"limit": 4}).json()
    assert ([item["seq"] for item in first["items"]], first["next_cursor"]) == ([1, 2, 3, 4], "4")
    second = client.get(url, params={"limit": 4, "after": first["next_cursor"]}).json()
    third = client.get(url, params={"limit": 4, "cursor": second["next_cursor"]}).json()
    assert ([item["seq"] for item in third["items"]], third["next_cursor"]) == ([9], None)


@pytest.mark.parametrize(
    "parameters",
    [{"after": -1}, {"after": "x"}, {"after": 2**31}, {"limit": 0}, {"limit": 501}],
)
def test_a_wrong_parameter_is_named(client, new_job, parameters) -> None:
    answer = client.get(f"/api/jobs/{new_job()}/events", params=parameters)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(parameters)


def test_a_cancel_ends_the_job_tells_it_and_stops_its_execution(
    client, new_job, open_jobs, machine, announced
) -> None:
    job_id = new_job()
    answer = client.delete(f"/api/jobs/{job_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["finished_at"]
    assert (announced, machine.stopped) == ([job_id], [job_id])
    with open_jobs() as jobs:
        assert [event.type for event in jobs.events(job_id, 0)] == ["job.cancelled"]


def test_a_second_cancel_changes_nothing(client, new_job, open_jobs, machine) -> None:
    job_id = new_job()
    first = client.delete(f"/api/jobs/{job_id}").json()
    assert client.delete(f"/api/jobs/{job_id}").json() == first
    assert machine.stopped == [job_id]
    with open_jobs() as jobs:
        assert len(jobs.events(job_id, 0)) == 1


def test_a_job_that_is_done_stays_done(client, new_job, open_jobs, machine) -> None:
    job_id = new_job()
    with open_jobs() as jobs:
        jobs.complete(job_id, {"question_set_id": "x"})
    answer = client.delete(f"/api/jobs/{job_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert machine.stopped == []


def test_a_cancel_holds_though_the_execution_could_not_be_stopped(
    client, new_job, machine, open_jobs
) -> None:
    machine.outage = ConnectionError("no route")
    job_id = new_job()
    assert client.delete(f"/api/jobs/{job_id}").json()["status"] == "cancelled"
    with open_jobs() as jobs:
        assert jobs.lock(job_id).status == "cancelled"
