"""The frames that clients send: their shapes and sizes, and what is wrong with others."""

import json
import uuid
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, ValidationError

from shared.web.fields import Storable, is_storable

# API Gateway's limit of one frame; a longer message would have to be split by the client.
FRAME_BYTES = 32 * 1024
TEXT_CHARACTERS = 4000

_LARGEST_SEQ = 2**31 - 1


class FrameRefused(Exception):
    """A frame that is not acted on. `code` is stable; `fields` say what it was about."""

    def __init__(self, code: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    return text


_LONGEST_ID = 100

MessageId = Annotated[
    StrictStr,
    Field(min_length=1, max_length=_LONGEST_ID),
    Storable,
    AfterValidator(_not_blank),
]
MessageText = Annotated[
    StrictStr,
    Field(min_length=1, max_length=TEXT_CHARACTERS),
    Storable,
    AfterValidator(_not_blank),
]


class _ClientFrame(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Subscribe(_ClientFrame):
    """Follow a job from the event after number `after`."""

    action: Literal["subscribe"]
    job_id: uuid.UUID
    after: Annotated[int, Field(strict=True, ge=0, le=_LARGEST_SEQ)] = 0


class Unsubscribe(_ClientFrame):
    """Follow a job no longer."""

    action: Literal["unsubscribe"]
    job_id: uuid.UUID


class Ping(_ClientFrame):
    """Keep the connection open, and send what was lost."""

    action: Literal["ping"]


class Chat(_ClientFrame):
    """Say something in a conversation; `message_id` is the client's own."""

    action: Literal["chat"]
    session_id: uuid.UUID
    text: MessageText
    message_id: MessageId


class Stop(_ClientFrame):
    """Stop the answer to a message."""

    action: Literal["stop"]
    message_id: MessageId


ClientFrame = Subscribe | Unsubscribe | Ping | Chat | Stop

_ACTIONS: dict[str, type[ClientFrame]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "ping": Ping,
    "chat": Chat,
    "stop": Stop,
}


def parse_frame(body: str) -> ClientFrame:
    """The frame that a client sent.

    Raises FrameRefused: frame_too_large, invalid_json, invalid_frame or unknown_action.
    """
    if len(body.encode("utf-8", "surrogatepass")) > FRAME_BYTES:
        raise FrameRefused("frame_too_large", f"A frame has at most {FRAME_BYTES} bytes.")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise FrameRefused("invalid_json", "The frame is not JSON.") from None
    if not isinstance(data, dict):
        raise FrameRefused("invalid_frame", "A frame is a JSON object.")
    action = data.get("action")
    if not isinstance(action, str):
        raise FrameRefused("invalid_frame", "action: names what is to be done.")
    frame = _ACTIONS.get(action)
    if frame is None:
        message = f"Actions are {', '.join(_ACTIONS)}."
        raise FrameRefused("unknown_action", message, **_subject(data))
    try:
        return frame.model_validate(data)
    except ValidationError as error:
        raise FrameRefused("invalid_frame", _explain(error), **_subject(data)) from None


def _subject(data: dict[str, Any]) -> dict[str, str]:
    """Which message or job the frame is about, so that its sender knows what was refused."""
    named = {name: data.get(name) for name in ("message_id", "job_id")}
    return {
        name: value
        for name, value in named.items()
        if isinstance(value, str) and len(value) <= _LONGEST_ID and is_storable(value)
    }


def _explain(error: ValidationError) -> str:
    wrong = error.errors(include_url=False, include_input=False, include_context=False)[:5]
    return "; ".join(f"{_place(item['loc'])}: {_message(item['msg'])}" for item in wrong)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:40] for part in location) or "frame"


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")
