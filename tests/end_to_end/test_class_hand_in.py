"""A teacher hands a class's answers in by one call: one job, progress live, numbers afterwards."""

import uuid
from collections import Counter
from typing import Any

import pytest

from scripts.demo.client import ApiError, LearningClient

ROUTE = "/api/evaluation/submissions/batch"
LEARNERS = 12


@pytest.fixture
def question_set(reader: LearningClient, document: dict[str, Any]) -> dict[str, Any]:
    """A fresh set that has free questions and choices, with its keys."""
    wish = {"document_id": document["id"], "count": 6, "types": ["short_answer", "mcq"]}
    answered = reader.call("POST", "/api/questions/generate", {**wish, "fresh": True})
    events = list(reader.follow(answered["job"]["id"], seconds=120))
    assert events[-1]["type"] == "job.completed", events[-1]
    path = f"/api/questions/sets/{answered['question_set']['id']}?include=keys"
    return dict(reader.call("GET", path))


def class_of(question_set: dict[str, Any]) -> dict[str, Any]:
    """Every learner answers every question, the free ones in words that nobody else has."""
    return {
        "question_set_id": question_set["id"],
        "submissions": [
            {
                "learner": f"7b, number {number}",
                "answers": [
                    {"question_id": one["id"], "answer": _answer(one)}
                    for one in question_set["questions"]
                ],
            }
            for number in range(LEARNERS)
        ],
    }


def _answer(question: dict[str, Any]) -> Any:
    if question["type"] != "short_answer":
        return question["answer"]
    return f"Viruses need the {uuid.uuid4().hex} of a host cell"


def test_a_class_is_graded_by_one_job_in_batches_of_one_question(
    reader: LearningClient, question_set: dict[str, Any]
) -> None:
    kinds = Counter(one["type"] for one in question_set["questions"])
    assert min(kinds["short_answer"], kinds["mcq"]) >= 1

    handed_in = reader.call("POST", ROUTE, class_of(question_set))
    events = list(reader.follow(handed_in["job"]["id"], seconds=120))

    free = LEARNERS * kinds["short_answer"]
    assert handed_in["job"]["total"] == free
    assert {one["totals"]["graded"] for one in handed_in["submissions"]} == {kinds["mcq"]}
    assert events[-1]["type"] == "job.completed", events[-1]
    told = [grade for event in events for grade in event.get("grades", [])]
    assert len(told) == len({(one["submission_id"], one["question_id"]) for one in told}) == free
    views = [
        reader.call("GET", f"/api/evaluation/submissions/{one['id']}")
        for one in handed_in["submissions"]
    ]
    assert [one["learner"] for one in views] == [f"7b, number {n}" for n in range(LEARNERS)]
    assert {one["status"] for one in views} == {"completed"}
    sizes = [
        answer["provenance"]["batch_size"]
        for one in views
        for answer in one["answers"]
        if answer["type"] == "short_answer"
    ]
    # Each of a call's answers stands for its share of the call.
    assert sum(1 / size for size in sizes) <= free / 5 + 2
    numbers = reader.call("GET", f"/api/evaluation/sets/{question_set['id']}/analysis")
    assert numbers["learners"] == LEARNERS
    assert {one["learner"] for one in numbers["scores"]} == {one["learner"] for one in views}


def test_a_class_with_a_wrong_answer_is_refused_as_a_whole(
    reader: LearningClient, question_set: dict[str, Any]
) -> None:
    content = class_of(question_set)
    content["submissions"][3]["answers"][1]["question_id"] = str(uuid.uuid4())

    refused = reader.http.post(ROUTE, json=content)

    assert refused.status_code == 422
    assert [one["field"] for one in refused.json()["errors"]] == [
        "submissions.3.answers.1.question_id"
    ]
    listed = f"/api/evaluation/submissions?question_set_id={question_set['id']}"
    assert reader.call("GET", listed)["items"] == []


def test_only_the_owner_or_a_teacher_hands_a_class_in(
    stranger: LearningClient, reader: LearningClient, question_set: dict[str, Any]
) -> None:
    with pytest.raises(ApiError, match="404"):
        stranger.call("POST", ROUTE, class_of(question_set))

    reader.call("POST", f"/api/questions/sets/{question_set['id']}/publish")

    with pytest.raises(ApiError, match="403 not_a_teacher"):
        stranger.call("POST", ROUTE, class_of(question_set))
