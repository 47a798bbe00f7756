"""What happened: a record per call, counters over all, and the recent request bodies."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

from scripts.gemini_emulator.latency import LatencyDraw


@dataclass(slots=True)
class CallRecord:
    """One call; `planned_seconds` is what the model's latency asked for, `seconds` what passed."""

    number: int
    at: float
    method: str
    model: str
    version: str
    key: str = ""
    project: str = ""
    kind: str = ""
    repair: bool = False
    fingerprint: str = ""
    occurrence: int = 0
    admitted_at: float | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    status: int = 0
    error: str = ""
    finish_reason: str = ""
    first_token_seconds: float = 0.0
    planned_seconds: float = 0.0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def plan(self, drawn: LatencyDraw, tokens: int) -> None:
        self.output_tokens = tokens
        self.first_token_seconds = drawn.first_token_seconds
        self.planned_seconds = drawn.total_seconds(tokens)


COUNTED = ("key", "project", "model", "method", "kind", "error", "finish_reason")


class Statistics:
    """Counters since the last reset; records and bodies are the most recent ones only."""

    def __init__(self, records: int = 20_000, bodies: int = 200) -> None:
        self.records: deque[CallRecord] = deque(maxlen=records)
        self.bodies: deque[tuple[CallRecord, bytes]] = deque(maxlen=bodies)
        self.started = 0
        self.in_flight = 0
        self.peak = 0
        self.statuses: Counter[str] = Counter()
        self.counts: dict[str, dict[str, Counter[str]]] = {name: {} for name in COUNTED}
        self.prompt_tokens = 0
        self.output_tokens = 0

    def begin(self) -> None:
        self.started += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)

    def keep_body(self, record: CallRecord, body: bytes) -> None:
        self.bodies.append((record, body))

    def end(self, record: CallRecord) -> None:
        self.in_flight -= 1
        self.records.append(record)
        status = str(record.status)
        self.statuses[status] += 1
        for name in COUNTED:
            value = getattr(record, name)
            if value:
                self.counts[name].setdefault(value, Counter())[status] += 1
        if record.status == 200:
            self.prompt_tokens += record.prompt_tokens
            self.output_tokens += record.output_tokens

    def summary(self) -> dict[str, Any]:
        admitted = [record for record in self.records if record.admitted_at is not None]
        return {
            "calls": self.started,
            "in_flight": self.in_flight,
            "peak_in_flight": self.peak,
            "statuses": dict(self.statuses),
            "prompt_tokens": self.prompt_tokens,
            "output_tokens": self.output_tokens,
            "total_tokens": self.prompt_tokens + self.output_tokens,
            **{f"by_{name}": values for name, values in self.counts.items()},
            "admissions": [
                {
                    "at": record.admitted_at,
                    "key": record.key,
                    "project": record.project,
                    "model": record.model,
                }
                for record in admitted
            ],
        }

    def calls(self) -> list[dict[str, Any]]:
        return [asdict(record) for record in self.records]
