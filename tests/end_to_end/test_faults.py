"""What the model gets wrong, and jobs that end early: nothing wrong is delivered, nothing hangs."""

from typing import Any

from scripts.demo.client import LearningClient
from tests.end_to_end.conftest import Emulator


def run(client: LearningClient, document: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The events of a fresh generation, to its end."""
    wish = {"document_id": document["id"], "count": count, "fresh": True}
    job = client.call("POST", "/api/questions/generate", wish)["job"]
    return list(client.follow(job["id"], seconds=180))


def test_a_generation_survives_errors_of_the_model(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(effect="unavailable", count=2)

    events = run(reader, document, 10)

    assert events[-1]["type"] == "job.completed"
    assert "model_unavailable" not in events[-1]["result"]["shortfall_reasons"]


def test_invented_quotes_are_never_delivered(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(effect="invented_quote", match={"kind": "generate"}, count=1)

    events = run(reader, document, 5)

    result = events[-1]["result"]
    assert result["delivered"] + result["shortfall"] == 5
    assert sum(result["shortfall_reasons"].values()) == result["shortfall"]


def test_a_cancelled_job_ends_and_stays_ended(
    reader: LearningClient, document: dict[str, Any], emulator: Emulator
) -> None:
    emulator.fault(effect="hang", match={"kind": "generate"})
    wish = {"document_id": document["id"], "count": 20, "fresh": True}
    job_id = reader.call("POST", "/api/questions/generate", wish)["job"]["id"]
    events = reader.follow(job_id, seconds=60)
    assert next(events)["type"] == "job.started"

    reader.call("DELETE", f"/api/jobs/{job_id}")

    assert list(events)[-1]["type"] == "job.cancelled"
    assert reader.call("GET", f"/api/jobs/{job_id}")["status"] == "cancelled"
