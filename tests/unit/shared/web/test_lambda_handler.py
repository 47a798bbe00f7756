"""The Lambda entry around an application."""

from typing import Any

import pytest
from fastapi import APIRouter, Request

from shared.web.application import create_application, lambda_handler
from shared.web.rate_limits import client_address

pytestmark = pytest.mark.usefixtures("event_loop_of_lambda")


def event(method: str, path: str, body: str | None = None, **headers: str) -> dict[str, Any]:
    """What API Gateway's HTTP API sends (payload format 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "example.org", **headers},
        "requestContext": {
            "accountId": "1",
            "apiId": "a",
            "domainName": "example.org",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.9",
                "userAgent": "test",
            },
            "requestId": "Jb2kXhq2oAMEPpQ=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "",
            "timeEpoch": 0,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def answer(sent: dict[str, Any]) -> dict[str, Any]:
    router = APIRouter()

    @router.get("/address")
    def address(request: Request) -> str:
        """Whose request this is."""
        return client_address(request)

    @router.post("/echo")
    def echo(body: dict[str, str]) -> dict[str, str]:
        """What was sent."""
        return body

    return lambda_handler(create_application("test", router))(sent, None)


def test_a_request_is_answered() -> None:
    sent = event("POST", "/echo", '{"a": "é"}', **{"content-type": "application/json"})
    found = answer(sent)
    assert (found["statusCode"], found["body"]) == (200, '{"a":"é"}')


def test_a_problem_is_text_and_carries_api_gateways_request_id() -> None:
    found = answer(event("GET", "/nowhere", **{"x-request-id": "mine"}))
    assert found["statusCode"] == 404
    assert found["isBase64Encoded"] is False
    assert found["headers"]["x-request-id"] == "Jb2kXhq2oAMEPpQ="


def test_the_clients_address_is_api_gateways_word_not_the_clients() -> None:
    found = answer(event("GET", "/address", **{"x-forwarded-for": "198.51.100.1"}))
    assert found["body"] == '"203.0.113.9"'
