"""How long a function's requests took, by the line that it logs for each."""

import json
import os
import time
from pathlib import Path

import boto3


def service_times(function: str, route: str, since: float) -> list[float]:
    """Milliseconds of each POST to `route` since a moment (epoch seconds)."""
    # A log line can be read a moment after the answer.
    time.sleep(1)
    path = Path(os.environ.get("LOCAL_STACK_DIR", ".local")) / "stack.json"
    addresses = json.loads(path.read_text())
    logs = boto3.client(
        "logs",
        endpoint_url=addresses["aws_endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{addresses['stack_name']}-{function}",
        startTime=int(since * 1000),
    )
    lines = [event["message"] for page in pages for event in page["events"]]
    requests = [json.loads(line) for line in lines if line.startswith("{")]
    return [
        float(one["duration_ms"])
        for one in requests
        if one.get("route") == route and one.get("method") == "POST"
    ]
