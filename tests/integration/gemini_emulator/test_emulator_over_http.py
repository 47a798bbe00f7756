"""The wire itself: arrays and events, pace, faults of transport, control, start and stop."""

import asyncio
import json
import time
from typing import Any

import httpx2
import pytest

from scripts.gemini_emulator.process import EmulatorNotStarted, EmulatorOptions, EmulatorProcess

GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
BODY: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}


@pytest.fixture
def http(emulator: EmulatorProcess, keys: dict[str, str]) -> httpx2.Client:
    return httpx2.Client(base_url=emulator.url, headers={"x-goog-api-key": keys["first"]})


def test_a_key_is_taken_from_the_query_too(emulator: EmulatorProcess, keys: dict[str, str]) -> None:
    with httpx2.Client(base_url=emulator.url) as bare:
        assert bare.post(GENERATE, json=BODY, params={"key": keys["first"]}).status_code == 200
        assert bare.post(GENERATE, json=BODY).status_code == 403
        token = {"authorization": "Bearer ya29"}
        assert bare.post(GENERATE, json=BODY, headers=token).status_code == 401


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_both_versions_are_served(http: httpx2.Client, version: str) -> None:
    with http:
        answer = http.post(GENERATE.replace("v1beta", version), json=BODY)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"


def test_a_stream_without_sse_is_one_json_array(http: httpx2.Client) -> None:
    with http:
        answer = http.post(STREAM, json=BODY)
        refused = http.post(STREAM, json={})
    assert isinstance(answer.json(), list)
    assert answer.json()[-1]["candidates"][0]["finishReason"] == "STOP"
    assert refused.json()[0]["error"]["status"] == "INVALID_ARGUMENT"


def test_a_stream_with_sse_is_data_events(http: httpx2.Client) -> None:
    with http:
        answer = http.post(STREAM, json=BODY, params={"alt": "sse"})
    events = [event for event in answer.text.split("\r\n\r\n") if event]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert all(json.loads(event.removeprefix("data: "))["responseId"] for event in events)


def test_unknown_paths_are_googles_html_page(http: httpx2.Client) -> None:
    with http:
        answer = http.post("/v1beta/models/gemini-2.5-flash:dance", json=BODY)
    assert answer.status_code == 404
    assert "html" in answer.headers["content-type"]


def test_a_dropped_connection_is_a_transport_error(
    http: httpx2.Client, emulator: EmulatorProcess
) -> None:
    emulator.add_fault("disconnect")
    with http, pytest.raises(httpx2.RemoteProtocolError):
        http.post(STREAM, json=BODY, params={"alt": "sse"})


def test_a_client_that_leaves_is_noticed(http: httpx2.Client, emulator: EmulatorProcess) -> None:
    emulator.add_fault("hang")
    with http, pytest.raises(httpx2.ReadTimeout):
        http.post(GENERATE, json=BODY, timeout=0.2)
    deadline = time.monotonic() + 5
    while emulator.stats()["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert emulator.stats()["statuses"] == {"499": 1}


def test_calls_take_the_time_that_was_drawn(http: httpx2.Client, emulator: EmulatorProcess) -> None:
    emulator.control("POST", "latency", {"scale": 0.05})
    with http:
        for number in range(5):
            body = {"contents": [{"parts": [{"text": f"hello {number}"}]}]}
            assert http.post(GENERATE, json=body).status_code == 200
    calls = emulator.control("GET", "calls")["calls"]
    assert all(call["planned_seconds"] > 0.005 for call in calls)
    assert all(0 <= call["seconds"] - call["planned_seconds"] < 0.25 for call in calls)
    assert len({call["planned_seconds"] for call in calls}) == 5


async def test_hundreds_at_once_are_served(emulator: EmulatorProcess, keys: dict[str, str]) -> None:
    emulator.control("POST", "latency", {"scale": 0.2})
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(
        base_url=emulator.url,
        headers={"x-goog-api-key": keys["first"]},
        limits=limits,
        timeout=30,
    ) as client:
        answers = await asyncio.gather(*(client.post(GENERATE, json=BODY) for _ in range(300)))
    assert {answer.status_code for answer in answers} == {200}
    assert emulator.stats()["peak_in_flight"] > 50


def test_recent_requests_are_kept_without_keys(
    http: httpx2.Client, emulator: EmulatorProcess, keys: dict[str, str]
) -> None:
    leaking = {"contents": [{"parts": [{"text": f"my key is {keys['second']}"}]}]}
    with http:
        http.post(GENERATE, json=leaking)
    (kept,) = emulator.control("GET", "requests")["requests"]
    assert kept["key"] == "first"
    assert kept["body"]["contents"][0]["parts"][0]["text"] == "my key is <second>"


def test_keys_and_faults_come_and_go_at_run_time(
    http: httpx2.Client, emulator: EmulatorProcess
) -> None:
    emulator.control("POST", "keys", {"alias": "third", "key": "AIza-third", "project": "p3"})
    fault = emulator.add_fault("per_day", match={"project": "p3"})["faults"][0]
    third = {"x-goog-api-key": "AIza-third"}
    with http:
        assert http.post(GENERATE, json=BODY, headers=third).status_code == 429
        emulator.control("DELETE", f"faults/{fault['id']}")
        assert http.post(GENERATE, json=BODY, headers=third).status_code == 200
        emulator.control("DELETE", "keys/third")
        assert http.post(GENERATE, json=BODY, headers=third).status_code == 400


def test_nonsense_to_the_control_endpoints_is_refused(emulator: EmulatorProcess) -> None:
    with pytest.raises(ValueError, match="effect must be one of"):
        emulator.add_fault("earthquake")
    with pytest.raises(ValueError, match="unknown latency settings"):
        emulator.control("POST", "latency", {"speed": 1})


def test_it_starts_soon_and_ends_at_once_even_while_calls_hang(keys: dict[str, str]) -> None:
    process = EmulatorProcess(EmulatorOptions(keys=[f"first={keys['first']}@p"]))
    started = time.monotonic()
    process.start()
    assert time.monotonic() - started < 5
    process.add_fault("hang")
    headers = {"x-goog-api-key": keys["first"]}
    with httpx2.Client(base_url=process.url, headers=headers) as http:
        with pytest.raises(httpx2.ReadTimeout):
            http.post(GENERATE, json=BODY, timeout=0.1)
        stopping = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - stopping < 1.5


def test_a_program_that_cannot_start_says_why() -> None:
    process = EmulatorProcess(EmulatorOptions(keys=["nonsense"]))
    with pytest.raises(EmulatorNotStarted):
        process.start()
