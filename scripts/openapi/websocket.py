"""The WebSocket's protocol, which OpenAPI has no words for."""

from typing import Any

_JOB = "019585c5-ca48-7d3e-8f12-5b0c7a9e4411"
_CHAT = "019585c5-ca48-7a01-9c44-0f6e2d83b1c7"
_AT = "2026-03-14T09:26:53.589Z"


def _client(action: str, description: str, **fields: Any) -> dict[str, Any]:
    return {
        "action": action,
        "description": description,
        "example": {"action": action, **fields},
    }


def _of_job(kind: str, seq: int, description: str, **fields: Any) -> dict[str, Any]:
    frame = {"type": kind, "seq": seq, "at": _AT, "job_id": _JOB, **fields}
    return {"type": kind, "description": description, "example": frame}


def _of_chat(kind: str, description: str, **fields: Any) -> dict[str, Any]:
    about = {"session_id": _CHAT, "message_id": "m1", **fields}
    return {"type": kind, "description": description, "example": _of_connection(kind, **about)}


def _of_connection(kind: str, **fields: Any) -> dict[str, Any]:
    """A frame that is about no job: its `seq` counts those of the connection."""
    return {"type": kind, "seq": 4, "at": _AT, **fields}


WEBSOCKET: dict[str, Any] = {
    "description": (
        "Open the `url` that `POST /api/realtime/ticket` gives: it works once, for 30 seconds. "
        "Every frame is one JSON object. `subscribe` replays the job's events after number "
        "`after`, then goes on live: remember the last `seq` you saw, and after a lost connection "
        "nothing is missing. An event that comes twice, which is rare, has the `seq` it had. Other "
        "frames are numbered for each connection. Send a chat message again, with its "
        "`message_id`, over a new connection: you get the answer that is made already. A frame "
        "that is wrong is answered by an `error`, and the socket stays open; it is closed when its "
        "session has ended."
    ),
    "client": [
        _client("subscribe", "Follow a job from event `after` + 1 on.", job_id=_JOB, after=0),
        _client("unsubscribe", "Follow it no longer.", job_id=_JOB),
        _client(
            "chat",
            "Ask something in a chat; `message_id` is your own, and a repeat is answered once.",
            session_id=_CHAT,
            text="Why does water boil earlier on a mountain?",
            message_id="m1",
        ),
        _client("stop", "Stop the answer to a message that was sent before.", message_id="m1"),
        _client("ping", "Keep the connection open; it closes after 10 idle minutes."),
    ],
    "server": [
        _of_job("job.started", 1, "Work on the job has begun.", total=20),
        _of_job("job.progress", 2, "`done` of `total` are done; what is new.", done=5, total=20),
        _of_job(
            "job.waiting",
            3,
            "The job goes on later by itself, at `until` at the earliest.",
            reason="quota",
            until="2026-03-14T09:27:30Z",
        ),
        _of_job(
            "job.completed",
            6,
            "The job is done. A class's results that are too many for one message came before, as "
            "`submissions` of some `job.progress`; `result` then says how many they were.",
            result={"delivered": 20},
        ),
        _of_job(
            "job.failed",
            6,
            "The job has ended without a result.",
            error={"code": "deadline_exceeded", "message": "The job took too long."},
        ),
        _of_job("job.cancelled", 6, "The job was cancelled by its owner."),
        _of_chat("chat.delta", "A further piece of the answer.", text="Because the air "),
        _of_chat(
            "chat.done",
            "The whole answer, and the sentences of the document it stands on.",
            text="Because the air pressure is lower there.",
            citations=[
                {
                    "page": 7,
                    "quote": "At lower pressure, water boils at less than 100 °C.",
                    "transcribed": False,
                }
            ],
            grounded=True,
        ),
        _of_chat("chat.error", "There is no answer.", code="model_unavailable", message="…"),
        {
            "type": "error",
            "description": (
                "Something is wrong with a frame; with its `message_id` or `job_id`, if it had one."
            ),
            "example": _of_connection(
                "error", code="invalid_frame", message="text: is blank", message_id="m1"
            ),
        },
        {"type": "pong", "description": "The answer to a ping.", "example": _of_connection("pong")},
    ],
}
