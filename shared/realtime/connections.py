"""Posts frames to WebSocket connections through API Gateway's management API."""

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from botocore.config import Config
from botocore.exceptions import ClientError

from shared.config import get_settings

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

# API Gateway's limit of one WebSocket message.
MESSAGE_BYTES = 128 * 1024

# Two tries of at most four seconds each: less than the right to deliver lasts.
_LIMITS = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 2})

# What a truncated frame keeps: enough to know what happened and to fetch the whole by HTTP.
_ALWAYS_KEPT = {"type", "seq", "at", "job_id"}


class ConnectionGone(Exception):
    """The client has disconnected."""


class FrameTooLarge(ValueError):
    """A frame that API Gateway would not deliver."""


class Connections(Protocol):
    """Sends frames to clients."""

    def post(self, connection_id: str, frame: dict[str, Any]) -> None:
        """Send one frame. Raises ConnectionGone."""

    def close(self, connection_id: str) -> None:
        """End a connection; one that has gone is no error."""


def encode(frame: dict[str, Any]) -> bytes:
    """A frame as it goes over the wire. Raises FrameTooLarge."""
    data = _dump(frame)
    if len(data) > MESSAGE_BYTES:
        raise FrameTooLarge(f"{len(data)} bytes")
    return data


def fitted(frame: dict[str, Any]) -> dict[str, Any]:
    """`frame`, or, where that is too large for a message, what fits of it and `truncated: true`.

    The largest values go first. `GET /api/jobs/{id}/events?after=seq-1` has the whole.
    """
    if len(_dump(frame)) <= MESSAGE_BYTES:
        return frame
    short = {**frame, "truncated": True}
    sizes = {key: len(_dump({key: frame[key]})) for key in frame if key not in _ALWAYS_KEPT}
    for key in sorted(sizes, key=lambda key: sizes[key], reverse=True):
        del short[key]
        if len(_dump(short)) <= MESSAGE_BYTES:
            break
    return short


def _dump(frame: dict[str, Any]) -> bytes:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache
def _client() -> "ApiGatewayManagementApiClient":
    import boto3  # noqa: PLC0415  (slow to import, and not every function needs it)

    endpoint = get_settings().websocket_management_endpoint
    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint, config=_LIMITS)


class ApiGatewayConnections:
    """Connections of this stack's WebSocket API."""

    def post(self, connection_id: str, frame: dict[str, Any]) -> None:
        """Send one frame. Raises ConnectionGone or FrameTooLarge."""
        try:
            _client().post_to_connection(ConnectionId=connection_id, Data=encode(frame))
        except ClientError as error:
            if _is_gone(error):
                raise ConnectionGone from None
            raise

    def close(self, connection_id: str) -> None:
        """End a connection; one that has gone is no error."""
        try:
            _client().delete_connection(ConnectionId=connection_id)
        except ClientError as error:
            if not _is_gone(error):
                raise


def _is_gone(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in {"GoneException", "410"}
