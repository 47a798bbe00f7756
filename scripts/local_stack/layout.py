"""Where a local stack keeps its files. Several stacks can run side by side, each in its folder."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".local" / "environments"
MINISTACK_BIN = ENVIRONMENTS / "ministack" / "bin"
SAM_BIN = ENVIRONMENTS / "sam" / "bin"
DEVELOPMENT_BIN = ROOT / ".venv" / "bin"

# What is built depends on the code alone, so all stacks share it.
BUILD = ROOT / ".local" / "build"


@dataclass(frozen=True)
class Layout:
    """The files of one stack, all under `folder`."""

    folder: Path

    @classmethod
    def from_environment(cls) -> "Layout":
        """The stack in LOCAL_STACK_DIR, by default `.local`."""
        return cls((ROOT / os.environ.get("LOCAL_STACK_DIR", ".local")).resolve())

    @property
    def stack_file(self) -> Path:
        """The addresses of the running stack, for programs."""
        return self.folder / "stack.json"

    @property
    def processes_file(self) -> Path:
        return self.folder / "processes.json"

    @property
    def ports_file(self) -> Path:
        return self.folder / "ports.json"

    @property
    def secrets_file(self) -> Path:
        return self.folder / "secrets.json"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def temporary(self) -> Path:
        """The functions' TMPDIR: their unpacked code lands here. Gone after `down`."""
        return self.folder / "tmp"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def ministack(self) -> Path:
        return self.folder / "ministack"

    @property
    def valkey(self) -> Path:
        return self.folder / "valkey"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def make_folders(self) -> None:
        for folder in (self.logs, self.temporary, self.ministack, self.valkey):
            folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One `up` or `down` at a time; a second one waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`; empty if the file is missing or was cut off."""
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict[str, Any], *, private: bool = False) -> None:
    """Replace `path` in one step; `private` keeps other users from reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
    draft.replace(path)
