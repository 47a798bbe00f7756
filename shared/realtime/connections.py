"""Posts frames to WebSocket connections through API Gateway's management API."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from shared.config import get_settings

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

# API Gateway's limit of one WebSocket message.
MESSAGE_BYTES = 128 * 1024


class ConnectionGone(Exception):
    """The client has disconnected."""


class FrameTooLarge(ValueError):
    """A frame that API Gateway would not deliver."""


class Connections(Protocol):
    """Sends frames to clients."""

    def post(self, connection_id: str, frame: dict[str, Any]) -> None:
        """Send one frame. Raises ConnectionGone."""


def encode(frame: dict[str, Any]) -> bytes:
    """A frame as it goes over the wire. Raises FrameTooLarge."""
    data = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()
    if len(data) > MESSAGE_BYTES:
        raise FrameTooLarge(f"{len(data)} bytes")
    return data


@lru_cache
def _client() -> "ApiGatewayManagementApiClient":
    import boto3  # noqa: PLC0415  (slow to import, and not every function needs it)

    endpoint = get_settings().websocket_management_endpoint
    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)


class ApiGatewayConnections:
    """Connections of this stack's WebSocket API."""

    def post(self, connection_id: str, frame: dict[str, Any]) -> None:
        """Send one frame. Raises ConnectionGone."""
        try:
            _client().post_to_connection(ConnectionId=connection_id, Data=encode(frame))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"GoneException", "410"}:
                raise ConnectionGone from None
            raise
