"""The emulator as its own process, reset before each test, and the real SDK as its client."""

from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import types

from scripts.gemini_emulator.process import EmulatorOptions, EmulatorProcess

KEYS = {"first": "AIza-first-secret-key", "second": "AIza-second-secret-key"}
PAGE = """A meander is a bend of a river that grows as water cuts into the outer bank. Sediment
settles on the inner bank and builds a gentle slope called a point bar. Oxbow lakes form when a
flood cuts through the narrow neck of a meander. A glacier is a mass of ice that moves slowly
under its own weight. The rubble that the ice leaves behind is called a moraine. Meltwater flows
beneath the glacier and carries fine rock flour into the lakes."""
PASSAGES: list[dict[str, Any]] = [{"page": 7, "text": PAGE}]


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[EmulatorProcess]:
    keys = [f"{alias}={value}@project-{alias}" for alias, value in KEYS.items()]
    with EmulatorProcess(EmulatorOptions(keys=keys)) as process:
        yield process


@pytest.fixture
def emulator(emulator_process: EmulatorProcess) -> EmulatorProcess:
    emulator_process.control("POST", "reset")
    return emulator_process


@pytest.fixture
def client(emulator: EmulatorProcess) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=emulator.url, api_version="v1beta", timeout=10_000)
    with genai.Client(api_key=KEYS["first"], http_options=options) as made:
        yield made


@pytest.fixture
def passages() -> list[dict[str, Any]]:
    return PASSAGES


@pytest.fixture
def keys() -> dict[str, str]:
    return KEYS
