"""The emulator as a process of its own, and its control endpoints."""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.keys.scenarios import Scenario


class RunningEmulator:
    """Where it listens, and what it counted."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, path: str, body: Any) -> Any:
        return self._ask(path, json.dumps(body).encode())

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("/calls")["calls"]
        return found

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/_emulator{path}", data=body, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def emulator(scenario: Scenario, latency_scale: float) -> Iterator[RunningEmulator]:
    """An emulator with this scenario's truth."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "emulator.json"
        config.write_text(json.dumps(scenario.emulator_settings()))
        command = [sys.executable, "-m", "scripts.gemini_emulator", "--port", str(port)]
        command += ["--config", str(config), "--latency-scale", str(latency_scale)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            running = RunningEmulator(f"http://127.0.0.1:{port}")
            _wait_for(running)
            yield running
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(running: RunningEmulator) -> None:
    for _ in range(150):
        try:
            running._ask("/health")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the emulator doesn't come up")
