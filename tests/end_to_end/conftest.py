"""The deployed local stack, reached through HTTP and WebSocket only."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scripts.demo.client import LearningClient

FILES = Path("tests/files/pdfs")
SAMPLE = Path("samples/openstax-microbiology-ch6.pdf")


@pytest.fixture(scope="session")
def stack() -> dict[str, str]:
    """The addresses of the running stack, as `make up` wrote them."""
    path = Path(os.environ.get("LOCAL_STACK_DIR", ".local")) / "stack.json"
    if not path.is_file():
        pytest.fail(f"{path} is missing: run `make up` first, or `make test`")
    return dict(json.loads(path.read_text()))


@pytest.fixture
def learner(stack: dict[str, str]) -> Iterator[LearningClient]:
    """A new signed-in user."""
    client = LearningClient(stack["api_url"])
    client.sign_up("Learner")
    yield client
    client.close()


@pytest.fixture
def stranger(stack: dict[str, str]) -> Iterator[LearningClient]:
    """Another signed-in user."""
    client = LearningClient(stack["api_url"])
    client.sign_up("Stranger")
    yield client
    client.close()


@pytest.fixture(scope="session")
def administrator(stack: dict[str, str]) -> Iterator[LearningClient]:
    """A user whom the operator's command made an administrator."""
    client = LearningClient(stack["api_url"])
    account = {"email": f"admin-{uuid.uuid4().hex[:8]}@example.com", "password": uuid.uuid4().hex}
    client.call("POST", "/api/auth/register", {**account, "name": "Administrator"})
    subprocess.run(
        [sys.executable, "scripts/create_admin.py", account["email"]],
        env={**os.environ, "DATABASE_URL": stack["database_url"]},
        check=True,
        capture_output=True,
    )
    tokens = client.call("POST", "/api/auth/login", account)
    client.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    yield client
    client.close()


@pytest.fixture(scope="session")
def reader(stack: dict[str, str]) -> Iterator[LearningClient]:
    """A user who owns the sample document."""
    client = LearningClient(stack["api_url"])
    client.sign_up("Reader")
    yield client
    client.close()


@pytest.fixture(scope="session")
def document(reader: LearningClient) -> dict[str, Any]:
    """The sample document, read."""
    return reader.wait_for_document(reader.upload(SAMPLE)["id"])


class Emulator:
    """The control endpoint of the stand-in for Gemini."""

    def __init__(self, url: str) -> None:
        self._http = httpx2.Client(base_url=url, timeout=10)

    def fault(self, **fault: Any) -> None:
        """Let some requests go wrong from now on."""
        self._http.post("/_emulator/faults", json=fault).raise_for_status()

    def has_struck(self) -> bool:
        """Whether any request has met a fault that is in force."""
        faults = self._http.get("/_emulator/faults").raise_for_status().json()["faults"]
        return any(fault["struck"] for fault in faults)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._http.delete("/_emulator/faults").raise_for_status()

    def hasten(self, scale: float) -> float:
        """Answer at `scale` of a real model's latency; the scale as it was."""
        before = float(self._http.get("/_emulator/latency").raise_for_status().json()["scale"])
        self._http.post("/_emulator/latency", json={"scale": scale}).raise_for_status()
        return before

    def calls(self) -> int:
        """How many calls came since the start, those under way too."""
        answer = self._http.get("/_emulator/stats").raise_for_status()
        return int(answer.json()["calls"])

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()


@pytest.fixture
def emulator(stack: dict[str, str]) -> Iterator[Emulator]:
    """The stand-in for Gemini, quick, and without faults afterwards."""
    control = Emulator(stack["gemini_url"])
    control.clear()
    before = control.hasten(0.1)
    yield control
    control.hasten(before)
    control.clear()
    control.close()
