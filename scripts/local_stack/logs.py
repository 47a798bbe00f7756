"""Shows what the functions of a running local stack wrote, oldest first."""

import time
from datetime import datetime
from typing import Any

from scripts.local_stack.deployment import client_of
from scripts.local_stack.layout import Layout, read_json
from scripts.local_stack.steps import StepFailed

POLL_SECONDS = 1.0


def show(layout: Layout, minutes: float, follow: bool, function: str) -> int:
    """Print the last `minutes`, then, with `follow`, what comes."""
    addresses = read_json(layout.stack_file)
    if not addresses:
        raise StepFailed("Showing logs", "no stack is running.", "start one: make up")
    client = client_of(addresses["aws_endpoint_url"], "logs")
    since = int((time.time() - minutes * 60) * 1000)
    seen: set[str] = set()
    prefix = f"/aws/lambda/{addresses['stack_name']}-"
    try:
        while True:
            for event in _events(client, prefix, function, since):
                line = _line(event, prefix)
                if line not in seen:
                    seen.add(line)
                    print(line, flush=True)
            if not follow:
                break
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        pass
    print(f"The services' own logs are in {layout.logs}.")
    return 0


def _events(client: Any, prefix: str, function: str, since: int) -> list[dict[str, Any]]:
    found = []
    for group in client.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
        name = group["logGroupName"]
        if function in name:
            answer = client.filter_log_events(logGroupName=name, startTime=since)
            found += [{**event, "group": name} for event in answer["events"]]
    return sorted(found, key=lambda event: event["timestamp"])


def _line(event: dict[str, Any], prefix: str) -> str:
    moment = datetime.fromtimestamp(event["timestamp"] / 1000).astimezone()
    name = event["group"].removeprefix(prefix)
    return f"{moment:%H:%M:%S.%f}"[:-3] + f"  {name:<18} {event['message'].rstrip()}"
