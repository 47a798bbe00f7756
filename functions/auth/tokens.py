"""Access tokens (signed, short-lived) and refresh tokens (random, used once)."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

import jwt

from shared.web.authentication import ALGORITHM, ISSUER


class AccessTokens:
    """Issues what shared.web.authentication accepts."""

    def __init__(self, secret: str, lifetime: timedelta) -> None:
        self._secret = secret
        self.lifetime = lifetime

    def issue(self, user_id: uuid.UUID, session_id: uuid.UUID, role: str, now: datetime) -> str:
        """A JWT for `role` that ends `lifetime` after `now`."""
        claims = {
            "iss": ISSUER,
            "aud": "access",
            "sub": str(user_id),
            "sid": str(session_id),
            "role": role,
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
            "jti": secrets.token_urlsafe(12),
        }
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)


def new_refresh_token() -> str:
    """256 random bits, as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def refresh_token_hash(token: str) -> str:
    """What is stored of a refresh token. It is random, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
