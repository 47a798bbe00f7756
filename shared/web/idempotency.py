"""Idempotency-Key: the same key and body give the same answer and one effect.

The record is inserted first, in the effect's own transaction: a second call with the key waits on
the unique index until the first has committed, and then reads its answer.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.config import get_settings
from shared.database.tables.users import IdempotencyRecord
from shared.errors import InvalidRequest
from shared.identifiers import new_id

Produce = Callable[[], tuple[int, Any]]


class Once:
    """Runs an effect once for a key."""

    def __init__(self, key: str | None, route: str, body_hash: str) -> None:
        self._key = key
        self._route = route
        self._body_hash = body_hash

    def answer(self, session: Session, scope: str, produce: Produce) -> JSONResponse:
        """The answer of `produce`, or the one that an earlier call with this key got.

        `produce` returns a status code and a body; `scope` names whose key it is. Raises
        InvalidRequest `idempotency_key_reused` where the key came with another body.
        """
        if self._key is None:
            return _render(*_encoded(produce()))
        record_id = new_id()
        inserted = session.execute(
            insert(IdempotencyRecord)
            .values(
                id=record_id,
                scope=scope,
                route=self._route,
                key=self._key,
                body_hash=self._body_hash,
                status_code=0,
                response={},
            )
            .on_conflict_do_nothing()
            .returning(IdempotencyRecord.id)
        ).one_or_none()
        if inserted is None:
            return self._repeat(session, scope)
        status, body = _encoded(produce())
        session.execute(
            update(IdempotencyRecord)
            .where(IdempotencyRecord.id == record_id)
            .values(status_code=status, response=body)
        )
        return _render(status, body)

    def _repeat(self, session: Session, scope: str) -> JSONResponse:
        record = session.execute(
            select(IdempotencyRecord).where(
                IdempotencyRecord.scope == scope,
                IdempotencyRecord.route == self._route,
                IdempotencyRecord.key == self._key,
            )
        ).scalar_one()
        if record.body_hash != self._body_hash:
            raise InvalidRequest(
                "This Idempotency-Key was used with another body.", code="idempotency_key_reused"
            )
        return _render(record.status_code, record.response)


def _encoded(answer: tuple[int, Any]) -> tuple[int, Any]:
    return answer[0], jsonable_encoder(answer[1])


def _render(status: int, body: Any) -> JSONResponse:
    return JSONResponse(body, status_code=status)


async def idempotency(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=200,
            description="The same key and body have one effect and get the same answer.",
            examples=["0f9d0a0e-6a5c-4b7e-9a53-2b1f3c4d5e6f"],
        ),
    ] = None,
) -> Once:
    """What the request says of being a repeat."""
    route = f"{request.method} {request.url.path}"[:120]
    return Once(idempotency_key, route, _fingerprint(await request.body()))


def _fingerprint(body: bytes) -> str:
    """A keyed hash: a body may hold a password, which a plain one would let be guessed fast."""
    secret = get_settings().resolved_jwt_secret().encode()
    return hmac.new(secret, b"idempotency " + body, hashlib.sha256).hexdigest()


Idempotent = Annotated[Once, Depends(idempotency)]
