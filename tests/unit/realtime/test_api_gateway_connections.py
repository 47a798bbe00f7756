"""What the management API answers, and what that means here."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shared.realtime import connections
from shared.realtime.connections import ApiGatewayConnections, ConnectionGone


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url="https://live.test",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    monkeypatch.setattr(connections, "_client", lambda: client)
    with Stubber(client) as stubber:
        yield stubber


def test_a_frame_is_posted_as_compact_json(api: Stubber) -> None:
    api.add_response(
        "post_to_connection", {}, {"ConnectionId": "c", "Data": '{"type":"ä"}'.encode()}
    )
    ApiGatewayConnections().post("c", {"type": "ä"})
    api.assert_no_pending_responses()


def test_a_client_that_has_left_is_gone(api: Stubber) -> None:
    api.add_client_error("post_to_connection", "GoneException", http_status_code=410)
    with pytest.raises(ConnectionGone):
        ApiGatewayConnections().post("c", {})


def test_other_trouble_is_no_sign_that_the_client_left(api: Stubber) -> None:
    api.add_client_error("post_to_connection", "LimitExceededException", http_status_code=429)
    with pytest.raises(ClientError):
        ApiGatewayConnections().post("c", {})


def test_ending_a_connection_that_has_gone_is_no_error(api: Stubber) -> None:
    api.add_client_error("delete_connection", "GoneException", http_status_code=410)
    ApiGatewayConnections().close("c")
    api.add_client_error("delete_connection", "ForbiddenException", http_status_code=403)
    with pytest.raises(ClientError):
        ApiGatewayConnections().close("c")
