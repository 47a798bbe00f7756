"""The offline stand-in for Google's Gemini API, where no key is configured."""

import hashlib
import json
import sys

from scripts.local_stack.layout import ROOT, Layout
from scripts.local_stack.ports import answers, choose_port, known_port
from scripts.local_stack.processes import Processes, path_of
from scripts.local_stack.settings import GOOGLE, Settings
from scripts.local_stack.sources import gemini_emulator_digest

NAME = "gemini"


def start(layout: Layout, processes: Processes, settings: Settings) -> str:
    """Start the emulator if it is to answer, again where its code or its keys are others now.

    Returns the address of whatever answers.
    """
    if not settings.emulates_gemini:
        processes.stop_one(NAME)
        return settings.gemini_base_url or GOOGLE
    version = _version(settings)
    if processes.version(NAME) != version:
        processes.stop_one(NAME)
    running = processes.running(NAME)
    port = known_port(layout, NAME)
    if running is None or port is None:
        port = choose_port(layout, NAME)
        environment = {"PATH": path_of(), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        running = processes.start(NAME, _command(port, settings), environment, version=version)
    processes.wait_until_ready(NAME, running, lambda: answers(port), 20)
    return f"http://127.0.0.1:{port}"


def _version(settings: Settings) -> str:
    """Names the emulator's code and keys, without telling these."""
    content = json.dumps([gemini_emulator_digest(), *_keys(settings)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _command(port: int, settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "scripts.gemini_emulator"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    return command + _keys(settings)


def _keys(settings: Settings) -> list[str]:
    return [
        argument
        for key in settings.key_pool()
        for argument in ("--key", f"{key.alias}={key.key}@{key.project}")
    ]
