"""What the model gets wrong, and jobs that end early: nothing wrong is delivered, nothing hangs."""

import re
import time
import unicodedata
from typing import Any

import pytest

from scripts.demo.client import LearningClient
from tests.end_to_end.conftest import SAMPLE, Emulator

GENERATE = {"kind": "generate"}


def run(
    client: LearningClient, document: dict[str, Any], count: int, **others: Any
) -> dict[str, Any]:
    """A generation to its end: the set with its keys, checked for anything wrong in it."""
    wish = {"document_id": document["id"], "count": count, "fresh": True, **others}
    answered = client.call("POST", "/api/questions/generate", wish)
    last = list(client.follow(answered["job"]["id"], seconds=180))[-1]
    assert last["type"] in {"job.completed", "job.failed"}
    path = f"/api/questions/sets/{answered['question_set']['id']}?include=keys"
    question_set = dict(client.call("GET", path))
    assert_sound(client, document, question_set)
    return question_set


def assert_sound(
    client: LearningClient, document: dict[str, Any], question_set: dict[str, Any]
) -> None:
    """Every quote stands where it says, options differ, nothing is asked twice, reasons add up."""
    questions = question_set["questions"]
    asked = {(one["stem"], str(one["answer"]), *one["options"]) for one in questions}
    assert len(asked) == len(questions) == question_set["delivered"]
    assert question_set["delivered"] + question_set["shortfall"] == question_set["requested"]
    assert sum(question_set["shortfall_reasons"].values()) == question_set["shortfall"]
    for question in questions:
        source = question["source"]
        path = f"/api/documents/{document['id']}/pages/{source['page']}"
        text = client.call("GET", path)["text"]
        assert letters(text[source["start"] : source["end"]]) == letters(source["quote"]) != ""
        options = [letters(option).casefold() for option in question["options"]]
        assert len(set(options)) == len(options)


def letters(text: str) -> str:
    """The letters and digits of a text, without any of typesetting's doings."""
    return "".join(re.findall(r"\w", unicodedata.normalize("NFKC", text)))


def test_a_generation_survives_errors_of_the_model(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(effect="unavailable", count=2)

    question_set = run(reader, document, 10)

    assert (question_set["delivered"], question_set["shortfall_reasons"]) == (10, {})


def test_an_outage_of_the_model_is_told_waited_out_and_costs_nothing(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(effect="unavailable")
    before = emulator.calls()
    wish = {"document_id": document["id"], "count": 20, "fresh": True}
    answered = reader.call("POST", "/api/questions/generate", wish)

    events = reader.follow(answered["job"]["id"], seconds=120)
    # What the tests before have used of a minute's quota may be waited for as well.
    told = (event["reason"] for event in events if event["type"] == "job.waiting")
    assert "outage" in told
    # Nobody hammers a model that is down: a few find that out, then one at a time looks again.
    time.sleep(5)
    assert emulator.calls() - before < 40
    emulator.clear()

    assert list(events)[-1]["type"] == "job.completed"
    question_set = reader.call("GET", f"/api/questions/sets/{answered['question_set']['id']}")
    assert question_set["delivered"] == 20


@pytest.mark.parametrize(
    "fault",
    [
        {"effect": "wrong_page"},
        {"effect": "invented_quote", "distinct": 1},
        {"effect": "duplicate_options", "distinct": 1},
        {"effect": "cut_json", "distinct": 1},
        {"effect": "same_item", "count": 2},
    ],
    ids=lambda fault: fault["effect"],
)
def test_what_one_reply_gets_wrong_is_made_good(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator, fault: dict[str, Any]
) -> None:
    emulator.fault(match=GENERATE, **fault)

    question_set = run(reader, document, 10)

    assert (question_set["delivered"], question_set["shortfall_reasons"]) == (10, {})


def test_quotes_that_are_always_invented_deliver_nothing_and_say_so(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(effect="invented_quote", match=GENERATE)

    question_set = run(reader, document, 5)

    assert question_set["status"] == "failed"
    assert question_set["shortfall_reasons"] == {"quote_not_found": 5}


def test_three_of_twenty_chunks_that_always_fail_are_made_elsewhere(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(effect="safety", match=GENERATE, distinct=3)

    question_set = run(reader, document, 100)

    assert (question_set["delivered"], question_set["shortfall_reasons"]) == (100, {})


def test_where_no_refill_succeeds_three_failed_chunks_of_twenty_are_the_exact_shortfall(
    learner: LearningClient, emulator: Emulator
) -> None:
    document = learner.wait_for_document(learner.upload(SAMPLE)["id"])
    first_round, refills = '"avoid_stems": []', '"avoid_stems": ["'
    emulator.fault(effect="safety", match={**GENERATE, "text": first_round}, distinct=3)
    emulator.fault(effect="safety", match={**GENERATE, "text": refills})

    # A wish that no other test has: a finished set of the same file would be served from the cache.
    question_set = run(learner, document, 100, fresh=False, difficulty="medium")

    made = {question["position"] for question in question_set["questions"]}
    chunks = [set(range(first, first + 5)) for first in range(1, 101, 5)]
    assert sum(1 for chunk in chunks if not chunk & made) == 3
    assert question_set["shortfall_reasons"] == {"reply_blocked": 100 - len(made)}


def test_a_cancelled_job_ends_within_two_seconds_and_spends_no_further_call(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(effect="hang", match=GENERATE, parameters={"seconds": 6})
    wish = {"document_id": document["id"], "count": 20, "fresh": True}
    job_id = reader.call("POST", "/api/questions/generate", wish)["job"]["id"]
    before = emulator.calls()
    events = reader.follow(job_id, seconds=60)
    assert next(events)["type"] == "job.started"
    time.sleep(1.5)
    # The function that cancels is warm: its cold start is not the worker's end.
    assert reader.call("GET", f"/api/jobs/{job_id}")["status"] == "running"
    spent = emulator.calls()

    cancelled = time.monotonic()
    reader.call("DELETE", f"/api/jobs/{job_id}")

    assert list(events)[-1]["type"] == "job.cancelled"
    assert time.monotonic() - cancelled < 2
    assert reader.call("GET", f"/api/jobs/{job_id}")["status"] == "cancelled"
    # Longer than the slow replies, and than any retry, would take.
    time.sleep(8)
    assert before <= emulator.calls() == spent
