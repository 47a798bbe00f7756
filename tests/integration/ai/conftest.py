"""A pool on a real Valkey whose clock the test turns."""

import importlib.util
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _sibling(name: str) -> ModuleType:
    """Test folders are no packages, so a helper beside the tests is loaded by its path."""
    if name not in sys.modules:
        path = Path(__file__).with_name(f"{name}.py")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


simulation = _sibling("simulation")


@pytest.fixture
async def world_of(redis_url: str) -> AsyncIterator[Callable[..., Any]]:
    """Builds a world: `await world_of(projects, rpm=20)`, limits as configured."""
    worlds = []

    async def build(projects: dict[str, Any], **settings: Any) -> Any:
        worlds.append(await simulation.build_world(redis_url, projects, **settings))
        return worlds[-1]

    yield build
    for world in worlds:
        await world.close()
