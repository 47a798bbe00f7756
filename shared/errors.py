"""The tree of errors. Services raise these; shared.web.problems renders them, workers act on them.

LearningAppError
├── RequestError                 the caller's fault: becomes problem+json with its status and code
│   ├── InvalidRequest           422, names the fields
│   ├── Unauthenticated          401
│   ├── Forbidden                403
│   ├── NotFound                 404
│   ├── Conflict                 409
│   ├── PayloadTooLarge          413
│   └── TooManyRequests          429, says when to come back
├── ServiceUnavailable           503: a dependency is down
└── WorkError                    told to the state machine by class name
    ├── ChunkFailed              this chunk can't be done; the job goes on without it
    └── JobCancelled             the job ended before its work did
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class LearningAppError(Exception):
    """The root of all errors that this system raises on purpose."""

    code: str = "internal_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


@dataclass(frozen=True)
class FieldError:
    """One field of a request and what is wrong with it; `field` is a dotted path."""

    field: str
    message: str


class RequestError(LearningAppError):
    """Something the caller did and can mend."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    code = "bad_request"


class InvalidRequest(RequestError):
    """The request is well-formed but asks for what can't be done."""

    status = 422
    title = "Invalid request"
    code = "invalid_request"

    def __init__(
        self, message: str, *, code: str | None = None, errors: Sequence[FieldError] = ()
    ) -> None:
        super().__init__(message, code=code)
        self.errors = tuple(errors)

    @classmethod
    def field(cls, field: str, message: str, *, code: str | None = None) -> "InvalidRequest":
        """An error about exactly one field."""
        return cls(f"{field}: {message}", code=code, errors=[FieldError(field, message)])


class Unauthenticated(RequestError):
    """No valid proof of who is calling."""

    status = 401
    title = "Not signed in"
    code = "unauthenticated"


class Forbidden(RequestError):
    """Known caller, insufficient role."""

    status = 403
    title = "Not allowed"
    code = "forbidden"


class NotFound(RequestError):
    """No such thing, or not the caller's: the two are told alike."""

    status = 404
    title = "Not found"
    code = "not_found"


class Conflict(RequestError):
    """The thing's present state doesn't allow this."""

    status = 409
    title = "Conflict"
    code = "conflict"


class PayloadTooLarge(RequestError):
    """More bytes than the limit."""

    status = 413
    title = "Too large"
    code = "payload_too_large"


class TooManyRequests(RequestError):
    """A rate limit was reached. `retry_after` is in whole seconds."""

    status = 429
    title = "Too many requests"
    code = "too_many_requests"

    def __init__(
        self,
        message: str,
        *,
        retry_after: int,
        limit: int,
        window: int,
        policy: str = "default",
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        self.limit = limit
        self.window = window
        self.policy = policy


class ServiceUnavailable(LearningAppError):
    """A dependency that the request needs doesn't answer."""

    status: ClassVar[int] = 503
    title: ClassVar[str] = "Service unavailable"
    code = "service_unavailable"


class WorkError(LearningAppError):
    """A worker's final word on a piece of work; its class name goes to the state machine."""


class ChunkFailed(WorkError):
    """A chunk that no retry can mend. `code` is kept as the reason."""

    code = "chunk_failed"


class JobCancelled(WorkError):
    """The job was cancelled, failed or timed out before this piece of work was done."""

    code = "job_cancelled"
