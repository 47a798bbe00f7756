"""Identifiers: UUIDv7, so that ids sort by creation time and index well."""

import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A new UUIDv7 (RFC 9562): time-ordered, 74 random bits."""
    return uuid_utils.compat.uuid7()
