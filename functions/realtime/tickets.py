"""Tickets: a secret that opens one WebSocket connection, once, within thirty seconds.

A browser can't send a header with a WebSocket's handshake, so the secret stands in the address.
It is worth little there: it works once and briefly. Valkey holds its hash only.
"""

import hashlib
import secrets
import uuid
from typing import cast

from redis import Redis

from shared.realtime.subscriptions import Connected

TICKET_SECONDS = 30
_BYTES = 32
_LONGEST = 100


class Tickets:
    """Issues tickets and takes them back."""

    def __init__(self, cache: Redis) -> None:
        self._cache = cache

    def issue(self, connected: Connected) -> str:
        """A new ticket of 256 random bits."""
        ticket = secrets.token_urlsafe(_BYTES)
        value = f"{connected.user_id} {connected.session_id}"
        self._cache.set(_key(ticket), value, ex=TICKET_SECONDS)
        return ticket

    def use(self, ticket: str) -> Connected | None:
        """Whose ticket it is, and it works no more; None if it is unknown, used or expired."""
        if len(ticket) > _LONGEST:
            return None
        value = cast("str | None", self._cache.getdel(_key(ticket)))
        if value is None:
            return None
        user_id, _, session_id = value.partition(" ")
        return Connected(uuid.UUID(user_id), uuid.UUID(session_id))


def _key(ticket: str) -> str:
    digest = hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
    return f"ticket:{digest}"
