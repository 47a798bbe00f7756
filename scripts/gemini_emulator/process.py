"""Runs the emulator as a child process: for tests, benchmarks and the local stack.

with EmulatorProcess(EmulatorOptions(keys=("a=key-of-a@project-1",), latency_scale=0.1)) as it:
    client = genai.Client(..., http_options={"base_url": it.url})
    it.control("POST", "faults", {"effect": "unavailable", "probability": 0.03})
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

REPOSITORY = Path(__file__).resolve().parents[2]
READY = "ready at "
START_SECONDS = 15.0
STOP_SECONDS = 5.0


class EmulatorNotStarted(RuntimeError):
    """The program ended before it was ready; the message has what it wrote."""


@dataclass(frozen=True)
class EmulatorOptions:
    """What the command line takes; `arguments` are added as they are."""

    keys: Sequence[str] = ()
    port: int = 0
    host: str = "127.0.0.1"
    seed: int = 1
    latency_scale: float = 0.0
    admission: str = "token_bucket"
    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    arguments: Sequence[str] = ()

    def command(self, python: str = sys.executable) -> list[str]:
        command = [python, "-m", "scripts.gemini_emulator"]
        command += ["--host", self.host, "--port", str(self.port), "--seed", str(self.seed)]
        command += ["--latency-scale", str(self.latency_scale), "--admission", self.admission]
        for name in ("rpm", "tpm", "rpd"):
            limit = getattr(self, name)
            if limit is not None:
                command += [f"--{name}", str(limit)]
        for key in self.keys:
            command += ["--key", key]
        return [*command, *self.arguments]


class EmulatorProcess:
    """Started by `start` or `with`; `url` is where it listens."""

    def __init__(
        self, options: EmulatorOptions | None = None, log: IO[bytes] | None = None
    ) -> None:
        self.options = options or EmulatorOptions()
        self.url = ""
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> "EmulatorProcess":
        """Returns when it listens; raises EmulatorNotStarted when it ends before."""
        self._process = subprocess.Popen(
            self.options.command(),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=self._log or subprocess.STDOUT,
        )
        self.url = self._announced_url(self._process)
        self._wait_ready()
        return self

    @staticmethod
    def _announced_url(process: subprocess.Popen[bytes]) -> str:
        if process.stdout is None:
            raise EmulatorNotStarted("no output to read the address from")
        written: list[str] = []
        for line in process.stdout:
            written.append(line.decode("utf-8", "replace"))
            if READY in written[-1]:
                return written[-1].rpartition(READY)[2].strip()
        process.wait()
        process.stdout.close()
        raise EmulatorNotStarted("".join(written) or f"exit code {process.returncode}")

    def _wait_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.control("GET", "health")
            except OSError:
                if time.monotonic() > end:
                    self.stop()
                    raise
                time.sleep(0.01)
            else:
                return

    def control(self, method: str, name: str, body: object = None) -> dict[str, Any]:
        """Ask a control endpoint; raises ValueError with its words when it refuses."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_emulator/{name}", data, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=10) as response:  # noqa: S310
                answer: dict[str, Any] = json.load(response)
                return answer
        except HTTPError as error:
            with error:
                raise ValueError(error.read().decode()) from error

    def add_fault(self, effect: str, /, **fault: Any) -> Mapping[str, Any]:
        made: Mapping[str, Any] = self.control("POST", "faults", {"effect": effect, **fault})
        return made

    def stats(self) -> dict[str, Any]:
        return self.control("GET", "stats")

    def stop(self) -> int | None:
        """SIGTERM, then SIGKILL if it doesn't end; the exit code."""
        process = self._process
        if process is None:
            return None
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        return process.returncode

    def __enter__(self) -> "EmulatorProcess":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
