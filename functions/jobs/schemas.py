"""What the jobs service answers."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

# PostgreSQL's largest integer.
_LARGEST_SEQ = 2**31 - 1

EventNumber = Annotated[int, Field(ge=0, le=_LARGEST_SEQ)]

_EXAMPLE: dict[str, JsonValue] = {
    "items": [
        {
            "type": "job.progress",
            "seq": 2,
            "at": "2026-03-02T09:30:05Z",
            "job_id": "01975b2e-6c1a-7c3e-9d0b-3f6a1e2d4c5b",
            "done": 5,
            "total": 20,
        }
    ],
    "next_cursor": None,
}


class EventsRequest(BaseModel):
    """Which events: those after number `after`; `cursor` is another name for it."""

    after: EventNumber = 0
    cursor: EventNumber | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 200

    @property
    def start(self) -> int:
        """The number after which the events are wanted."""
        return self.after if self.cursor is None else self.cursor


class EventPage(BaseModel):
    """A job's events in order, as they go over the socket too.

    Where more are to come already, `next_cursor` is the `after` (or `cursor`) of the next page.
    """

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    items: list[dict[str, Any]]
    next_cursor: str | None
