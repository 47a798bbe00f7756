"""The document and the page that the gateway serves."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from functions.gateway.api import app


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def test_the_document_is_served_as_json(client: TestClient) -> None:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.1")


def test_the_page_holds_the_document_and_needs_no_network(client: TestClient) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    found = re.search(r"const api = (.*?);\nconst base", answer.text, re.DOTALL)
    assert found
    assert json.loads(found[1]) == client.get("/openapi.json").json()


def test_no_text_of_the_document_can_end_the_script(client: TestClient) -> None:
    assert client.get("/docs").text.count("</script>") == 1


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_answer_fits_a_lambda_response_with_room_to_spare(
    client: TestClient, path: str
) -> None:
    assert len(client.get(path).content) < 1_000_000


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/openapi.json"])
def test_a_known_version_is_not_sent_again(client: TestClient, path: str) -> None:
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/", "/docs/x", "/api", "/api/nothing/here", "/%00", "/..%2f.."])
def test_an_unknown_path_is_a_problem_that_shows_the_way(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == "not_found"
    assert "see /docs" in problem["detail"]


def test_an_unknown_method_is_a_problem_that_says_which_is_known(client: TestClient) -> None:
    answer = client.post("/docs")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"
