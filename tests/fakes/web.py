"""Signed-in callers and a counter for tests of the HTTP interfaces."""

import uuid
from datetime import UTC, datetime, timedelta

import jwt

from shared.config import get_settings


class EverySessionLives:
    """A session directory that knows of no ended session."""

    def is_alive(self, session_id: uuid.UUID) -> bool:
        return True


class CounterInMemory:
    """Counts hits of rate limits in one window that never ends."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def hit(self, key: str, window: int) -> tuple[int, int]:
        self.counts[key] = self.counts.get(key, 0) + 1
        return self.counts[key], window

    def forget(self, key: str) -> None:
        self.counts.pop(key, None)


def signed_in(user_id: uuid.UUID, role: str = "learner") -> dict[str, str]:
    """The headers of a request by this user."""
    now = datetime.now(UTC)
    claims = {
        "iss": "learning-app",
        "aud": "access",
        "sub": str(user_id),
        "sid": str(uuid.uuid4()),
        "role": role,
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    token = jwt.encode(claims, get_settings().resolved_jwt_secret(), "HS256")
    return {"Authorization": f"Bearer {token}"}
