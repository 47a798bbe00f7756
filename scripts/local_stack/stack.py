"""Brings the whole stack up, and down again."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from signal import SIGINT
from urllib.parse import urlsplit

from scripts.local_stack import gemini, migrations, ministack, postgres, sam, valkey
from scripts.local_stack.deployment import Deployment
from scripts.local_stack.layout import Layout, write_json
from scripts.local_stack.processes import Processes
from scripts.local_stack.sam import Target
from scripts.local_stack.settings import Settings, read_settings
from scripts.local_stack.steps import step

SERVICES = (postgres.NAME, valkey.NAME, gemini.NAME, ministack.NAME)


def up(layout: Layout, environment: str) -> dict[str, str]:
    """Start what doesn't run, deploy what has changed. Returns the addresses."""
    with layout.locked(), ThreadPoolExecutor(max_workers=1) as background:
        layout.make_folders()
        settings = read_settings(layout, environment)
        # Building needs nothing that runs, so it goes on while the services start.
        building = background.submit(sam.build, Target.this_machine(), layout.log("sam-build"))
        processes = Processes(layout)
        database_url, redis_url, gemini_url, endpoint = _start(layout, processes, settings)
        deployment = Deployment(layout, settings, endpoint)
        parameters = deployment.parameters(redis_url, gemini_url)
        if not migrations.is_newest(database_url):
            with step("migrating the database"):
                migrations.migrate(database_url)
        if not deployment.is_current(parameters):
            with step("building the functions and layers"):
                building.result()
            with step("deploying the stack"):
                deployment.deploy(parameters)
        deployment.fill_secrets(database_url)
        outputs = deployment.outputs()
        addresses = {
            "api_url": outputs["ApiUrl"],
            "ws_url": outputs["WebSocketUrl"],
            "web_url": outputs["ApiUrl"] + "/docs",
            "gemini_url": gemini_url,
            "aws_endpoint_url": endpoint,
            "database_url": database_url,
            "redis_url": redis_url,
            "stack_name": deployment.stack,
        }
        write_json(layout.stack_file, addresses, private=True)
        return addresses


def down(layout: Layout) -> list[str]:
    """Stop everything that `up` started. Returns the names of what ran."""
    with layout.locked():
        stopped = Processes(layout).stop({postgres.NAME: SIGINT})
        shutil.rmtree(layout.temporary, ignore_errors=True)
        layout.stack_file.unlink(missing_ok=True)
        return stopped


def status(layout: Layout) -> dict[str, str]:
    """Each service of this stack, and whether it runs."""
    processes = Processes(layout)
    return {
        name: f"runs, process {process.pid}" if (process := processes.running(name)) else "stopped"
        for name in SERVICES
    }


def wait_until_healthy(api_url: str, seconds: float = 60) -> tuple[int, str]:
    """The status and body of `GET /health`, as soon as it is 200 or the time is over."""
    end = time.monotonic() + seconds
    while True:
        status, body = _get(f"{api_url}/health")
        if status == 200 or time.monotonic() > end:
            return status, body
        time.sleep(0.5)


def _start(layout: Layout, processes: Processes, settings: Settings) -> tuple[str, str, str, str]:
    brought = {
        valkey.NAME: settings.redis_url is None,
        postgres.NAME: settings.database_url is None,
        gemini.NAME: settings.emulates_gemini,
        ministack.NAME: True,
    }
    if all(processes.running(name) for name, ours in brought.items() if ours):
        return _start_services(layout, processes, settings)
    with step("starting PostgreSQL, Valkey and the emulators"):
        processes.end_orphans()
        return _start_services(layout, processes, settings)


def _start_services(
    layout: Layout, processes: Processes, settings: Settings
) -> tuple[str, str, str, str]:
    gemini_url = gemini.start(layout, processes, settings)
    endpoint = ministack.start(layout, processes, reaches_internet=not settings.emulates_gemini)
    redis_url = settings.redis_url or valkey.start(layout, processes)
    database_url = settings.database_url or postgres.start(layout, processes)
    return database_url, redis_url, gemini_url, endpoint


def _get(url: str) -> tuple[int, str]:
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=30)
    try:
        connection.request("GET", address.path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        return 0, json.dumps({"error": str(error)})
    finally:
        connection.close()
