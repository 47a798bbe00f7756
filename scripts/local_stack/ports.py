"""Finds a port for each service, and keeps it: addresses of a deployed stack hold ports."""

import os
import socket

from scripts.local_stack.layout import Layout, read_json, write_json
from scripts.local_stack.steps import StepFailed

PREFERRED = {"ministack": 4566, "postgres": 54320, "valkey": 63790, "gemini": 8085}


def choose_port(layout: Layout, service: str) -> int:
    """The port a stopped service is to listen on.

    LOCAL_STACK_<SERVICE>_PORT decides; else last time's port, the preferred one or any free one.
    """
    variable = f"LOCAL_STACK_{service.upper()}_PORT"
    if variable in os.environ:
        wanted = int(os.environ[variable])
        if not is_free(wanted):
            raise StepFailed(
                f"Finding a port for {service}",
                f"{variable} says {wanted}, which another program listens on.",
                f"choose another port, or unset {variable} to have one found.",
            )
        write_json(layout.ports_file, {**read_json(layout.ports_file), service: wanted})
        return wanted
    known = read_json(layout.ports_file)
    candidates = [known.get(service), PREFERRED[service]]
    taken = {value for name, value in known.items() if name != service}
    port = next((one for one in candidates if one and one not in taken and is_free(one)), None)
    chosen = port or _any_free_port()
    write_json(layout.ports_file, {**known, service: chosen})
    return chosen


def known_port(layout: Layout, service: str) -> int | None:
    """The port the service was last started on."""
    return read_json(layout.ports_file).get(service)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of this machine's loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something accepts connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
