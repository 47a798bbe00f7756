"""Commands that are run side by side, told one line each; a failed one says why and what to do."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.local_stack.layout import DEVELOPMENT_BIN, ROOT, SAM_BIN

_LINES_SHOWN = 60
_printing = threading.Lock()


@dataclass(frozen=True)
class Task:
    """One command. `advice` is what to do if it fails; `tells` is shown also if it doesn't."""

    name: str
    command: tuple[str, ...]
    advice: str
    tells: bool = False
    variables: dict[str, str] = field(default_factory=dict)


class Verification:
    """Runs tasks and remembers which failed. Their output goes to files in `logs`."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._logs.mkdir(parents=True, exist_ok=True)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = threading.Event()
        self.failures: list[Task] = []

    def run_all(self, tasks: Sequence[Task]) -> None:
        """Run tasks in order, one at a time."""
        for task in tasks:
            self.run(task)

    def run_lanes(self, lanes: Sequence[Sequence[Task]]) -> None:
        """Run lists of tasks side by side, each list in order. Returns when all are through."""
        threads = [threading.Thread(target=self.run_all, args=(lane,)) for lane in lanes]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            self.stop()
            raise

    def run(self, task: Task) -> bool:
        """Run one task. Returns whether it went well."""
        if self._stopped.is_set():
            return False
        started = time.monotonic()
        log = self._logs / f"{task.name.replace(' ', '-')}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                task.command,
                cwd=ROOT,
                env=_environment(task),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            self._running.add(process)
            status = process.wait()
            self._running.discard(process)
        seconds = time.monotonic() - started
        with _printing:
            self._tell(task, status, seconds, log)
        return status == 0

    def stop(self) -> None:
        """End what runs, and start nothing more."""
        self._stopped.set()
        for process in list(self._running):
            process.terminate()

    def summary(self) -> int:
        """Say what failed. Returns the exit status."""
        if not self.failures:
            return 0
        print(f"\n{len(self.failures)} failed:", file=sys.stderr)
        for task in self.failures:
            print(f"  ✗ {task.name}: {task.advice}", file=sys.stderr)
        return 1

    def _tell(self, task: Task, status: int, seconds: float, log: Path) -> None:
        print(f"  {'✓' if status == 0 else '✗'} {task.name}  {seconds:.1f} s", flush=True)
        lines = log.read_text(errors="replace").splitlines()
        if status != 0:
            self.failures.append(task)
            for line in lines[-_LINES_SHOWN:]:
                print(f"      {line}")
            print(f"      (status {status}; all of it: {log})", flush=True)
        elif task.tells:
            for line in lines:
                print(f"      {line}", flush=True)
        elif task.command[1:3] == ("-m", "pytest") and lines:
            print(f"      {lines[-1].strip('= ')}", flush=True)


def _environment(task: Task) -> dict[str, str]:
    path = os.pathsep.join([str(DEVELOPMENT_BIN), str(SAM_BIN), os.environ.get("PATH", "")])
    return {
        **os.environ,
        "PATH": path,
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
        **task.variables,
    }
