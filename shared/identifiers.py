"""Identifiers: UUIDv7, so that ids sort by creation time and index well."""

import hashlib
import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A new UUIDv7 (RFC 9562): time-ordered, 74 random bits."""
    return uuid_utils.compat.uuid7()


def lasting_id(name: str) -> uuid.UUID:
    """The UUIDv7 of what has a name but no moment of making: time 0, and 74 bits of a hash.

    The same name has the same id in every process and for ever; it sorts before everything made.
    """
    content = bytearray(6) + hashlib.sha256(name.encode()).digest()[:10]
    content[6] = 0x70 | content[6] & 0x0F
    content[8] = 0x80 | content[8] & 0x3F
    return uuid.UUID(bytes=bytes(content))
