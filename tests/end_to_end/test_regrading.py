"""Grades follow an edited rubric within a minute or so, though nobody reads them."""

import time
from typing import Any

from scripts.demo.client import LearningClient


def test_an_edited_rubric_is_applied_by_the_schedule(
    reader: LearningClient, document: dict[str, Any]
) -> None:
    wish = {"document_id": document["id"], "count": 2, "types": ["short_answer"], "fresh": True}
    answered = reader.call("POST", "/api/questions/generate", wish)
    list(reader.follow(answered["job"]["id"], seconds=120))
    set_path = f"/api/questions/sets/{answered['question_set']['id']}"
    question = reader.call("GET", f"{set_path}?include=keys")["questions"][0]
    answer = {"question_id": question["id"], "answer": "Viruses need the enzymes of a host cell"}
    submitted = reader.call(
        "POST",
        "/api/evaluation/submissions",
        {"question_set_id": answered["question_set"]["id"], "answers": [answer]},
    )
    list(reader.follow(submitted["job"]["id"], seconds=120))
    rubric = [{"id": "c1", "criterion": "Says that viruses need a host cell.", "points": 7}]

    reader.call("PATCH", f"{set_path}/questions/{question['id']}", {"rubric": rubric})

    path = f"/api/evaluation/submissions/{submitted['submission']['id']}"
    grades = _history(reader, f"{path}/answers/{question['id']}/history", versions=2)
    assert [one["version"] for one in grades] == [1, 2]
    assert grades[1]["source"] == "model"
    assert grades[1]["max_score"] == 7
    assert grades[1]["provenance"]["question_version"] == 2


def _history(client: LearningClient, path: str, *, versions: int) -> list[dict[str, Any]]:
    ends = time.monotonic() + 150
    while time.monotonic() < ends:
        grades: list[dict[str, Any]] = client.call("GET", path)["grades"]
        if len(grades) >= versions:
            return grades
        time.sleep(1)
    raise AssertionError("the grade did not follow the edit in time")
