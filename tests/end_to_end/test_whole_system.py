"""The system as a whole: health, the API as one document, the shape of errors."""

import httpx2
import pytest


def test_the_whole_system_is_healthy(stack: dict[str, str]) -> None:
    response = httpx2.get(f"{stack['api_url']}/health", timeout=20)

    assert response.status_code == 200
    assert response.json()["status"] == "ok"


@pytest.mark.parametrize(
    "service", ["auth", "documents", "questions", "evaluation", "chat", "realtime"]
)
def test_every_service_is_healthy(stack: dict[str, str], service: str) -> None:
    response = httpx2.get(f"{stack['api_url']}/api/{service}/health", timeout=20)

    assert response.status_code == 200
    assert response.json()["status"] == "ok"


def test_the_api_is_described_in_one_document(stack: dict[str, str]) -> None:
    described = httpx2.get(f"{stack['api_url']}/openapi.json", timeout=20).json()

    assert described["openapi"].startswith("3.")
    for path in (
        "/api/auth/login",
        "/api/documents",
        "/api/questions/generate",
        "/api/evaluation/submissions",
        "/api/chat/sessions",
        "/api/realtime/ticket",
        "/api/jobs/{job_id}",
    ):
        assert path in described["paths"]


def test_the_documentation_page_needs_no_other_server(stack: dict[str, str]) -> None:
    page = httpx2.get(f"{stack['api_url']}/docs", timeout=20)

    assert page.status_code == 200
    assert 'src="https://' not in page.text
