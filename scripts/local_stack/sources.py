"""Digests of what is built and deployed: they change when the code does."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.local_stack.layout import ROOT

_DEPLOYED = ("template.yaml", "functions", "shared", "statemachines", "layers")
_DEPENDENCIES = ("requirements/runtime.lock", "layers/dependencies/Makefile")


def sources_digest() -> str:
    """Of everything that the deployed stack is made of."""
    return _digest([*_DEPLOYED, *_DEPENDENCIES])


def dependencies_digest() -> str:
    """Of what the layer of third-party packages is made of."""
    return _digest(_DEPENDENCIES)[:16]


def migrations_digest() -> str:
    """Of the database's migrations."""
    return _digest(["shared/database/migrations"])[:16]


def gemini_emulator_digest() -> str:
    """Of the stand-in for Gemini."""
    return _digest(["scripts/gemini_emulator"])[:16]


def _digest(names: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        for path in _files(ROOT / name):
            digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path
