"""The WebSocket's Lambda entry: connect, disconnect, and every frame.

It answers with a status only. What a route's answer held would reach the client locally but not
on AWS, so all frames go out through the management API.
"""

import base64
import binascii
from typing import Any

from functions.realtime.wiring import get_sockets
from shared.observability import get_logger


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """One event of API Gateway's WebSocket API."""
    context = event["requestContext"]
    route, connection_id = context["routeKey"], context["connectionId"]
    try:
        status = _handle(route, connection_id, event)
    except Exception:
        get_logger().exception("socket event failed", extra={"route": route})
        status = 500
        if route not in {"$connect", "$disconnect"}:
            _apologise(connection_id)
    get_logger().info(
        "socket", extra={"route": route, "status": status, "connection_id": connection_id}
    )
    return {"statusCode": status}


def _handle(route: str, connection_id: str, event: dict[str, Any]) -> int:
    sockets = get_sockets()
    if route == "$connect":
        parameters = event.get("queryStringParameters") or {}
        return sockets.connect(connection_id, parameters.get("ticket", ""))
    if route == "$disconnect":
        sockets.disconnect(connection_id)
    else:
        received_at = int(event["requestContext"]["requestTimeEpoch"])
        sockets.receive(connection_id, _body(event), received_at)
    return 200


def _body(event: dict[str, Any]) -> str:
    """The frame's text; what is no text is no JSON either, and is refused as such."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body)
    try:
        return base64.b64decode(body).decode("utf-8", "replace")
    except binascii.Error:
        return ""


def _apologise(connection_id: str) -> None:
    try:
        get_sockets().apologise(connection_id)
    except Exception:
        get_logger().warning("the client could not be told", exc_info=True)
