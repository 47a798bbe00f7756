"""MiniStack, the emulator of AWS, with nothing of the developer's environment inside.

Every variable of the emulator's environment reaches every function, so it gets a list of its own.
"""

import os
import shutil
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from scripts.local_stack.layout import MINISTACK_BIN, Layout
from scripts.local_stack.moved_state import move_state
from scripts.local_stack.ports import choose_port, known_port
from scripts.local_stack.processes import Processes, path_of

NAME = "ministack"
REGION = "us-east-1"

# What functions need to reach Google from behind a company's proxy.
_NETWORK = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE")


def start(layout: Layout, processes: Processes, *, reaches_internet: bool) -> str:
    """Start the emulator unless it runs. Returns its endpoint."""
    running = processes.running(NAME)
    port = known_port(layout, NAME)
    if running is None or port is None:
        port = choose_port(layout, NAME)
        shutil.rmtree(layout.temporary, ignore_errors=True)
        layout.make_folders()
        move_state(_state(layout), port)
        environment = _environment(layout, port, reaches_internet)
        running = processes.start(NAME, [str(MINISTACK_BIN / "ministack")], environment)
    endpoint = f"http://127.0.0.1:{port}"
    processes.wait_until_ready(NAME, running, lambda: _is_ready(port), 30)
    return endpoint


def client_environment(endpoint: str) -> dict[str, str]:
    """The variables that point the AWS SDK and the SAM CLI at the emulator."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _environment(layout: Layout, port: int, reaches_internet: bool) -> dict[str, str]:
    home = layout.ministack / "home"
    home.mkdir(exist_ok=True)
    network = {name: os.environ[name] for name in _NETWORK if name in os.environ}
    return {
        "PATH": path_of(MINISTACK_BIN),
        "HOME": str(home),
        "TMPDIR": str(layout.temporary),
        "LANG": "C.UTF-8",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "IOT_MTLS_ENABLED": "0",
        # Functions are held to their roles, as on AWS.
        "AUTH": "true",
        "LAMBDA_WARM_TTL_SECONDS": "120",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(_state(layout)),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(layout.ministack / "objects"),
        **(network if reaches_internet else {}),
    }


def _state(layout: Layout) -> Path:
    return layout.ministack / "state"


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/_ministack/ready")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
