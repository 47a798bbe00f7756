"""The situations that the clients are put in, and the least time each of them takes."""

import heapq
from dataclasses import dataclass
from typing import Any

MODEL = "gemini-2.5-flash"
KEYS, RPM, REQUESTS, PROCESSES = 14, 20, 300, 4


@dataclass(frozen=True)
class Key:
    """A key of the benchmark; dead ones are unknown to the emulator."""

    alias: str
    value: str
    project: str
    dead: bool = False
    slow: bool = False
    spent: bool = False


@dataclass(frozen=True)
class Scenario:
    """What is true (`rpm`, `admission`) and what the clients are told (`configured_rpm`)."""

    name: str
    keys: tuple[Key, ...]
    rpm: int = RPM
    configured_rpm: int = RPM
    admission: str = "token_bucket"
    outage_seconds: float = 0.0

    @property
    def is_known(self) -> bool:
        return self.rpm == self.configured_rpm

    @property
    def bound(self) -> float:
        """How many times the floor a makespan may be."""
        return 1.12 if self.is_known else 1.25

    def slots_seconds(self, requests: int) -> list[float]:
        """When each request can be admitted at the earliest, were every slot used at once."""
        usable = [key for key in self.keys if not key.dead and not key.spent]
        interval = 60.0 / self.rpm if self.admission == "token_bucket" else 60.0
        batch = 1 if self.admission == "token_bucket" else self.rpm
        turns = [(self.outage_seconds, self.rpm, number) for number in range(len(usable))]
        admitted: list[float] = []
        heapq.heapify(turns)
        while len(admitted) < requests:
            moment, size, number = heapq.heappop(turns)
            admitted += [moment] * size
            heapq.heappush(turns, (moment + interval, batch, number))
        return admitted[:requests]

    def emulator_settings(self) -> dict[str, Any]:
        """The configuration file of the emulator."""
        quotas: list[dict[str, Any]] = [
            {"project": "*", "model": "*", "rpm": self.rpm, "tpm": 10_000_000}
        ]
        quotas += [
            {
                "project": key.project,
                "model": MODEL,
                "rpm": self.rpm,
                "tpm": 10_000_000,
                "rpd": 100,
                "used_today": 100,
            }
            for key in self.keys
            if key.spent
        ]
        return {
            "admission": self.admission,
            "keys": [
                {"alias": key.alias, "key": key.value, "project": key.project}
                for key in self.keys
                if not key.dead
            ],
            "quotas": quotas,
        }

    def faults(self) -> list[dict[str, Any]]:
        """What goes wrong beside dead and spent keys; posted when the requests start."""
        made: list[dict[str, Any]] = [
            {"effect": "slow", "match": {"key": key.alias}, "parameters": {"factor": 4}}
            for key in self.keys
            if key.slow
        ]
        if self.outage_seconds:
            made.append({"effect": "unavailable", "seconds": self.outage_seconds})
        return made


def _keys(dead: int = 0, slow: int = 0, spent: int = 0) -> tuple[Key, ...]:
    return tuple(
        Key(
            alias=f"key-{number:02}",
            value=f"AIzaSyBenchmark{number:024}",
            project=f"project-{number:02}",
            dead=number < dead,
            slow=dead <= number < dead + slow,
            spent=dead + slow <= number < dead + slow + spent,
        )
        for number in range(KEYS)
    )


UNLIMITED = Scenario("unlimited", _keys(), rpm=1_000_000, configured_rpm=1_000_000)
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("clean", _keys()),
        Scenario("mixed", _keys(dead=2, slow=2, spent=1)),
        Scenario("tight", _keys(), rpm=10, configured_rpm=10),
        Scenario("storm", _keys(), outage_seconds=10.0),
        Scenario("rpm-too-high", _keys(), configured_rpm=25),
        Scenario("rpm-too-low", _keys(), configured_rpm=15),
        Scenario("clean-window", _keys(), admission="sliding_window"),
        Scenario("mixed-window", _keys(dead=2, slow=2, spent=1), admission="sliding_window"),
        Scenario("rpm-too-high-window", _keys(), configured_rpm=25, admission="sliding_window"),
        Scenario("rpm-too-low-window", _keys(), configured_rpm=15, admission="sliding_window"),
    )
}
