"""The offline stand-in for Google's Gemini API, where no key is configured."""

import sys

from scripts.local_stack.layout import ROOT, Layout
from scripts.local_stack.ports import answers, choose_port, known_port
from scripts.local_stack.processes import Processes, path_of
from scripts.local_stack.settings import GOOGLE, Settings

NAME = "gemini"


def start(layout: Layout, processes: Processes, settings: Settings) -> str:
    """Start the emulator if it is to answer. Returns the address of whatever answers."""
    if not settings.emulates_gemini:
        processes.stop_one(NAME)
        return settings.gemini_base_url or GOOGLE
    running = processes.running(NAME)
    port = known_port(layout, NAME)
    if running is None or port is None:
        port = choose_port(layout, NAME)
        environment = {"PATH": path_of(), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        running = processes.start(NAME, _command(port, settings), environment)
    processes.wait_until_ready(NAME, running, lambda: answers(port), 20)
    return f"http://127.0.0.1:{port}"


def _command(port: int, settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "scripts.gemini_emulator"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    for key in settings.key_pool():
        command += ["--key", f"{key.alias}={key.key}@{key.project}"]
    return command
