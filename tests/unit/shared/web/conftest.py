"""A small application made like every service's."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Query
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field

from shared.web.application import create_application
from shared.web.fields import Storable


class Thing(BaseModel):
    """Something to send."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=10), Storable]
    count: Annotated[int, Field(ge=1)] = 1
    parts: list[dict[str, int]] = []


class Errors:
    """Raises what a test wants to see answered."""

    def __init__(self) -> None:
        self.next: Exception | None = None


@pytest.fixture
def errors() -> Errors:
    return Errors()


@pytest.fixture
def client(errors: Errors) -> Iterator[TestClient]:
    router = APIRouter()

    @router.post("/things")
    def create(thing: Thing, size: Annotated[int, Query(le=5)] = 1) -> dict[str, Any]:
        """Take a thing."""
        return thing.model_dump()

    @router.get("/error")
    def fail() -> None:
        """Raise the error that the test wants."""
        if errors.next is not None:
            raise errors.next

    with TestClient(create_application("test", router), raise_server_exceptions=False) as opened:
        yield opened
