"""The running local stack, as a benchmark sees it: the API, the emulator's controls, the logs."""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx2

from scripts.demo.client import LearningClient

_REPORT = re.compile(r"Billed Duration: (\d+) ms\s+Memory Size: (\d+) MB")
_BENCHMARK_KEY = "benchmark-key-that-only-the-emulator-knows"


@dataclass(frozen=True)
class Billed:
    """What a function's invocations cost."""

    invocations: int
    gigabyte_seconds: float


class Stack:
    """One local stack whose model is the emulator."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self.gemini = httpx2.Client(base_url=addresses["gemini_url"], timeout=120)

    @classmethod
    def running(cls) -> "Stack":
        """The stack that LOCAL_STACK_DIR names, by default `.local`."""
        path = Path(os.environ.get("LOCAL_STACK_DIR", ".local")) / "stack.json"
        if not path.is_file():
            sys.exit(f"{path} is missing: start the stack with `make up` first")
        return cls(json.loads(path.read_text()))

    def client(self) -> LearningClient:
        """A client of the API."""
        return LearningClient(self._addresses["api_url"])

    @contextmanager
    def latency_scaled(self, scale: float) -> Iterator[None]:
        """The emulator at `scale` of real latency, and as it was afterwards."""
        before = self._emulator("GET", "/latency")
        self._emulator("POST", "/latency", {"scale": scale})
        self._emulator("POST", "/keys", {"alias": "benchmark", "key": _BENCHMARK_KEY})
        try:
            yield
        finally:
            self._emulator("POST", "/latency", {"scale": before["scale"]})
            self._emulator("DELETE", "/keys/benchmark")

    def forget_calls(self) -> None:
        """Let the emulator forget what it was asked: the same requests draw the same latency."""
        self._emulator("POST", "/reset", {"keep": "settings"})

    def requests(self) -> list[dict[str, Any]]:
        """Every call since then, with its body."""
        requests: list[dict[str, Any]] = self._emulator("GET", "/requests?limit=1000")["requests"]
        return [one for one in requests if one["status"] == 200]

    def ask_model(self, request: dict[str, Any]) -> None:
        """Make one of those calls again."""
        path = f"/{request['version']}/models/{request['model']}:{request['method']}"
        answer = self.gemini.post(
            path, json=request["body"], headers={"x-goog-api-key": _BENCHMARK_KEY}
        )
        answer.raise_for_status()

    def billed(self, function: str, since: float) -> Billed:
        """What the function's invocations since a moment (epoch seconds) cost, by its log."""
        # A report is written a moment after the answer.
        time.sleep(1)
        logs = boto3.client(
            "logs",
            endpoint_url=self._addresses["aws_endpoint_url"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self._addresses['stack_name']}-{function}",
            startTime=int(since * 1000),
        )
        reports = [
            found
            for page in pages
            for event in page["events"]
            if (found := _REPORT.search(event["message"]))
        ]
        spent = sum(int(one[1]) / 1000 * int(one[2]) / 1024 for one in reports)
        return Billed(len(reports), spent)

    def _emulator(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.gemini.request(method, f"/_emulator{path}", json=body)
        answer.raise_for_status()
        return answer.json()
