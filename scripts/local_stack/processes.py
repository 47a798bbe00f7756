"""Starts, recognises and ends a stack's processes.

A process is recorded by pid and time of birth, so that a pid that was given to another program
since is never touched. Everything started carries the stack's name in its environment, which its
children inherit: that finds workers whose parent was killed.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

import psutil

from scripts.local_stack.layout import Layout, read_json, write_json
from scripts.local_stack.steps import StepFailed, last_lines

MARKER = "LEARNING_APP_LOCAL_STACK"
# The clock may be set while a process runs, which moves its computed time of birth a little.
_SAME_BIRTH_SECONDS = 2.0


@dataclass(frozen=True)
class SystemUser:
    """Another user to run a process as; only root can."""

    uid: int
    gid: int


class Processes:
    """The processes of one stack."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._started: list[subprocess.Popen[bytes]] = []

    def running(self, name: str) -> psutil.Process | None:
        """The recorded process of that name, if it is still that very process."""
        record = read_json(self._layout.processes_file).get(name)
        if not isinstance(record, dict):
            return None
        try:
            process = psutil.Process(int(record["pid"]))
            born = process.create_time()
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.Error:
            return None
        return process if abs(born - float(record["born"])) < _SAME_BIRTH_SECONDS else None

    def start(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        user: SystemUser | None = None,
        version: str = "",
    ) -> psutil.Process:
        """Start a process of its own session that writes to the log of its name.

        `version` is kept beside it, for whoever asks later whether this is still the right one.
        """
        log = self._layout.log(name)
        with log.open("ab") as output:
            started = subprocess.Popen(
                command,
                cwd=self._layout.folder,
                env={**environment, MARKER: str(self._layout.folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        self._started.append(started)
        process = psutil.Process(started.pid)
        self._record(name, process, version)
        return process

    def version(self, name: str) -> str:
        """What the process of that name was started as; empty where nobody said so."""
        record = read_json(self._layout.processes_file).get(name)
        return str(record.get("version", "")) if isinstance(record, dict) else ""

    def wait_until_ready(
        self, name: str, process: psutil.Process, is_ready: Callable[[], bool], seconds: float
    ) -> None:
        """Return when the process answers. Raises StepFailed if it ends or takes too long."""
        end = time.monotonic() + seconds
        while not is_ready():
            ended = _has_ended(process)
            if ended or time.monotonic() > end:
                what = "ended at once" if ended else f"didn't answer within {seconds:.0f} s"
                log = self._layout.log(name)
                raise StepFailed(
                    f"Starting {name}",
                    f"it {what}. The end of its log:{last_lines(log)}",
                    f"read {log}, then run: make down && make up",
                )
            time.sleep(0.03)

    def stop(self, signals: Mapping[str, Signals], patience: float = 4.0) -> list[str]:
        """End everything this stack started. Returns the names of what ran.

        `signals` gives the signal that asks a process to end where it isn't SIGTERM.
        """
        recorded = {
            name: process
            for name in read_json(self._layout.processes_file)
            if (process := self.running(name)) is not None
        }
        everything = {process.pid: process for process in self._marked()}
        for process in recorded.values():
            everything[process.pid] = process
            everything.update({child.pid: child for child in _children(process)})
        for name, process in recorded.items():
            _signal(process, signals.get(name, SIGTERM))
        _kill(_wait(recorded.values(), patience))
        # What is left are workers that were busy: their emulator is gone, nobody wants the result.
        _kill([*everything.values(), *self._marked()])
        self._layout.processes_file.unlink(missing_ok=True)
        self._reap()
        return sorted(recorded)

    def end_orphans(self) -> None:
        """End what a killed process has left behind, such as the workers of an emulator."""
        kept: set[int] = set()
        for name in read_json(self._layout.processes_file):
            process = self.running(name)
            if process is not None:
                kept |= {process.pid, *(child.pid for child in _children(process))}
        _kill(process for process in self._marked() if process.pid not in kept)

    def stop_one(self, name: str, patience: float = 4.0) -> None:
        """End one process and its children."""
        process = self.running(name)
        if process is None:
            return
        children = _children(process)
        _signal(process, SIGTERM)
        _wait([process], patience)
        _kill([process, *children])

    def _reap(self) -> None:
        """Take note of the end of this run's own children."""
        for started in self._started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(5)

    def _marked(self) -> list[psutil.Process]:
        """Processes that carry this stack's mark, whoever their parent is."""
        found = []
        for process in psutil.process_iter():
            try:
                mark = process.environ().get(MARKER)
            except (psutil.Error, OSError):
                continue
            if mark == str(self._layout.folder) and process.pid != os.getpid():
                found.append(process)
        return found

    def _record(self, name: str, process: psutil.Process, version: str) -> None:
        records = read_json(self._layout.processes_file)
        born = process.create_time()
        records[name] = {"pid": process.pid, "born": born, "version": version}
        write_json(self._layout.processes_file, records)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _signal(process: psutil.Process, signal: Signals) -> None:
    try:
        process.send_signal(signal)
    except psutil.Error:
        return


def _wait(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes to end; those that still run when the time is over."""
    end = time.monotonic() + seconds
    remaining = list(processes)
    while True:
        remaining = [process for process in remaining if not _has_ended(process)]
        if not remaining or time.monotonic() > end:
            return remaining
        time.sleep(0.02)


def _has_ended(process: psutil.Process) -> bool:
    """Whether a process does nothing any more, though its parent may not have noticed yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def _kill(processes: Iterable[psutil.Process]) -> None:
    remaining = list(processes)
    for process in remaining:
        _signal(process, SIGKILL)
    _wait(remaining, 3)


def path_of(*folders: Path) -> str:
    """A PATH of these folders and the system's own."""
    return os.pathsep.join([*map(str, folders), "/usr/local/bin", "/usr/bin", "/bin"])
