"""The HTTP interface of the key pool."""

import asyncio
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from functions.admin.key_schemas import (
    KeyChanges,
    KeyInPool,
    KeyView,
    NewKey,
    Pool,
    key_in_pool,
    key_view,
)
from functions.admin.wiring import build_key_administration
from shared.ai.status import pool_picture
from shared.ai.wiring import AiLayer, get_ai_layer
from shared.pagination import Page
from shared.web.authentication import Administrator, require_admin
from shared.web.idempotency import Idempotent
from shared.web.pagination import RequestedPage
from shared.web.transaction import InTransaction

router = APIRouter(prefix="/api/admin", tags=["admin"], dependencies=[Depends(require_admin)])
Layer = Annotated[AiLayer, Depends(get_ai_layer)]


@router.get("/keys", response_model=Page[KeyInPool])
def list_keys(transaction: InTransaction, layer: Layer, wanted: RequestedPage) -> Page[KeyInPool]:
    """Every Gemini key with its numbers, newest first, those of the settings last; no value.

    Counts are of today (UTC), in all and by model; quota and next free moment are by model.
    """
    keys = build_key_administration(transaction, layer.ring).all()
    picture = asyncio.run(pool_picture(layer))
    older = [key for key in keys if wanted.before is None or key.id < wanted.before]
    return wanted.page(older, lambda key: key_in_pool(key, picture))


@router.post("/keys", status_code=201, response_model=KeyView)
def add_key(
    *,
    body: NewKey,
    caller: Administrator,
    transaction: InTransaction,
    layer: Layer,
    once: Idempotent,
) -> JSONResponse:
    """Add a key. It is used everywhere within ten seconds; its value is never told again."""
    keys = build_key_administration(transaction, layer.ring)

    def produce() -> tuple[int, Any]:
        return 201, key_view(keys.add(body.alias, body.key, body.project, body.label))

    return once.answer(transaction.session, str(caller.user_id), produce)


@router.patch("/keys/{key_id}", response_model=KeyView)
def change_key(
    key_id: uuid.UUID, body: KeyChanges, transaction: InTransaction, layer: Layer
) -> KeyView:
    """Rename, label, pause or resume a key. Holds everywhere within ten seconds.

    A key that is resumed is tried anew, also where Google refused it or its project before. Of a
    key of the settings only label and active can be changed.
    """
    keys = build_key_administration(transaction, layer.ring)
    return key_view(keys.change(key_id, body.model_dump(exclude_unset=True)))


@router.delete("/keys/{key_id}", status_code=204)
def remove_key(key_id: uuid.UUID, transaction: InTransaction, layer: Layer) -> None:
    """Remove a stored key. One of the settings can only be paused."""
    build_key_administration(transaction, layer.ring).remove(key_id)


@router.get("/pool", response_model=Pool)
def get_pool(layer: Layer) -> Pool:
    """The key pool by project and by model: quota configured, learnt, in force and left."""
    picture = asyncio.run(pool_picture(layer))
    return Pool(degraded=picture.degraded, projects=picture.projects(), models=picture.models())
