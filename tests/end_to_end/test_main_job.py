"""A PDF in, questions out, answers graded, progress live."""

import unicodedata
from typing import Any

import pytest

from scripts.demo.client import ApiError, LearningClient


def folded(text: str) -> str:
    """A checker of its own for quotes: NFKC, line-break hyphens and white space folded."""
    text = unicodedata.normalize("NFKC", text).replace("\u00ad", "")
    return "".join(text.replace("-\n", "").split())


def generate(client: LearningClient, document: dict[str, Any], **wish: Any) -> dict[str, Any]:
    """Ask for questions and follow the job to its end; the finished set with its keys."""
    answered = client.call(
        "POST", "/api/questions/generate", {"document_id": document["id"], **wish}
    )
    if not answered["job"]["cached"]:
        last = list(client.follow(answered["job"]["id"], seconds=120))[-1]
        assert last["type"] == "job.completed", last
    set_id = answered["question_set"]["id"]
    return dict(client.call("GET", f"/api/questions/sets/{set_id}?include=keys"))


def test_the_document_is_read_page_by_page(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    page = reader.call("GET", f"/api/documents/{document['id']}/pages/3")

    assert document["page_count"] == 41
    assert len(document["sha256"]) == 64
    assert "tobacco mosaic disease (TMD) dates back to 1892" in " ".join(page["text"].split())


def test_events_on_the_socket_have_no_gap_and_equal_those_over_http(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    wish = {"document_id": document["id"], "count": 10, "fresh": True}
    job_id = reader.call("POST", "/api/questions/generate", wish)["job"]["id"]

    events = list(reader.follow(job_id))

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events][:1] == ["job.started"]
    assert events[-1]["type"] == "job.completed"
    result = events[-1]["result"]
    assert sum(len(event.get("questions", [])) for event in events) == result["delivered"]
    assert (result["delivered"], result["shortfall_reasons"]) == (10, {})
    over_http = reader.call("GET", f"/api/jobs/{job_id}/events?after=0")
    listed = over_http["items"] if isinstance(over_http, dict) else over_http
    assert [(one["seq"], one["type"]) for one in listed] == [
        (one["seq"], one["type"]) for one in events
    ]


def test_a_second_subscriber_gets_everything_from_the_start(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    wish = {"document_id": document["id"], "count": 5, "fresh": True}
    job_id = reader.call("POST", "/api/questions/generate", wish)["job"]["id"]
    first = [event["seq"] for event in reader.follow(job_id)]

    assert [event["seq"] for event in reader.follow(job_id)] == first


def test_every_quote_stands_on_its_page(reader: LearningClient, document: dict[str, Any]) -> None:
    question_set = generate(reader, document, count=20)

    assert question_set["delivered"] == len(question_set["questions"]) == 20
    assert (question_set["shortfall"], question_set["shortfall_reasons"]) == (0, {})
    for question in question_set["questions"]:
        source = question["source"]
        text = reader.call("GET", f"/api/documents/{document['id']}/pages/{source['page']}")["text"]
        assert folded(source["quote"]) in folded(text)
        assert folded(text[source["start"] : source["end"]]) == folded(source["quote"])


def test_the_questions_are_spread_over_pages_and_sections(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    coverage = generate(reader, document, count=20)["coverage"]

    sections = {row["title"]: row for row in coverage["by_section"]}
    assert {title for title, row in sections.items() if row["delivered"]} >= {
        "6.1 Viruses",
        "6.2 The Viral Life Cycle",
        "6.3 Isolation, Culture, and Identification",
        "6.4 Viroids, Virusoids, and Prions",
    }
    for rows in (coverage["by_page"], coverage["by_section"]):
        assert sum(row["planned"] for row in rows) == sum(row["delivered"] for row in rows) == 20
    assert coverage["skipped_pages"]["cover"] == [1]


def test_the_same_wish_again_comes_from_the_cache_at_once(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    first = generate(reader, document, count=5, types=["mcq"])

    again = reader.call(
        "POST",
        "/api/questions/generate",
        {"document_id": document["id"], "count": 5, "types": ["mcq"]},
    )

    assert again["job"]["cached"] is True
    assert again["job"]["status"] == "completed"
    stems = [question["stem"] for question in again["question_set"]["questions"]]
    assert stems == [question["stem"] for question in first["questions"]]


def test_the_types_and_pages_asked_for_are_obeyed(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    question_set = generate(
        reader, document, count=6, types=["true_false", "fill_blank"], pages={"from": 5, "to": 9}
    )

    assert {question["type"] for question in question_set["questions"]} <= {
        "true_false",
        "fill_blank",
    }
    assert all(5 <= question["source"]["page"] <= 9 for question in question_set["questions"])


def test_answers_are_graded_by_rule_and_by_the_model(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    questions = generate(reader, document, count=20)["questions"]
    set_id = reader.call("GET", "/api/questions/sets?limit=1")["items"][0]["id"]
    keys = {question["id"]: question for question in questions}
    answers = [
        {"question_id": one["id"], "answer": _key(one) if number % 2 else None}
        for number, one in enumerate(keys.values())
    ]

    submitted = reader.call(
        "POST", "/api/evaluation/submissions", {"question_set_id": set_id, "answers": answers}
    )
    if submitted["job"]:
        list(reader.follow(submitted["job"]["id"]))
    path = f"/api/evaluation/submissions/{submitted['submission']['id']}"
    graded = reader.call("GET", path)

    assert graded["status"] == "completed"
    for number, answer in enumerate(graded["answers"]):
        if number % 2 == 0:
            assert (answer["score"], answer["verdict"]) == (0, "blank")
        elif answer["type"] != "short_answer":
            assert (answer["verdict"], answer["source"]) == ("correct", "rule")
        else:
            assert answer["source"] in {"model", "cache"}
            assert answer["feedback"]
            assert answer["criteria"]


def _key(question: dict[str, Any]) -> Any:
    answer = question["answer"]
    return answer[0] if isinstance(answer, list) else answer


def test_keys_are_for_the_owner_only(
    reader: LearningClient, stranger: LearningClient, document: dict[str, Any]
) -> None:
    question_set = generate(reader, document, count=5, types=["mcq"])
    path = f"/api/questions/sets/{question_set['id']}"
    with pytest.raises(ApiError, match="404"):
        stranger.call("GET", path)

    reader.call("POST", f"{path}/publish")

    assert all(one["answer"] is None for one in stranger.call("GET", path)["questions"])
    with pytest.raises(ApiError, match="403"):
        stranger.call("GET", f"{path}?include=keys")


def test_statistics_count_what_was_done(reader: LearningClient, document: dict[str, Any]) -> None:
    generate(reader, document, count=5, types=["mcq"])

    made = reader.call("GET", "/api/questions/stats")

    assert made["generations"]["completed"] >= 1
    assert made["gemini"]["calls"] >= 1
    assert all(set(row) & {"key", "value", "secret"} == set() for row in made["keys"])
    assert reader.call("GET", "/api/evaluation/stats")["grades_by_source"].keys() == {
        "rule",
        "model",
        "cache",
        "human",
    }
