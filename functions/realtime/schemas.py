"""What the realtime service answers over HTTP."""

from pydantic import BaseModel, ConfigDict, JsonValue

_EXAMPLE: dict[str, JsonValue] = {
    "ticket": "Yk0xTz…",
    "url": "wss://example.org/live?ticket=Yk0xTz…",
    "expires_in": 30,
}


class TicketView(BaseModel):
    """Opens one WebSocket connection, within `expires_in` seconds: connect to `url`."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    ticket: str
    url: str
    expires_in: int
