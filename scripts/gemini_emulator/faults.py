"""Faults on order: which calls one matches, and how often it strikes.

A fault as JSON, everything but `effect` optional:

    {"effect": "unavailable", "parameters": {},
     "match": {"key": alias, "project": p, "model": m, "kind": k, "text": substring,
               "method": "generateContent", "repair": false},
     "probability": 0.03, "every": 10, "count": 5, "distinct": 3, "after": 2.0, "seconds": 10,
     "sticky": true}

`every` strikes each n-th match, `count` ends the fault after so many strikes, `distinct` strikes
the first n different contents it sees and those always, `after` and `seconds` bound it in time
from its making. The dice for `probability` depend on the seed, the content and how many times
that content came; with `sticky` on the content alone, so the same content always meets the same
fate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from scripts.gemini_emulator.fault_errors import BY_NAME
from scripts.gemini_emulator.latency import uniform

REPLY_EFFECTS = frozenset(
    (
        "malformed_json",
        "cut_json",
        "cut_json_stop",
        "empty_text",
        "fenced_json",
        "wrong_page",
        "invented_quote",
        "duplicate_items",
        "duplicate_options",
        "same_item",
        "missing_ids",
        "doubled_ids",
        "strange_ids",
        "missing_items",
        "wrong_key",
        "all_met",
        "invented_evidence",
        "obey",
        "text",
    )
)
CANDIDATE_EFFECTS = frozenset(
    (
        "safety_prompt",
        "safety",
        "recitation",
        "prohibited",
        "malformed_response",
        "other",
        "no_candidates",
    )
)
TRANSPORT_EFFECTS = frozenset(
    ("hang", "slow", "slow_stream", "stream_cut", "disconnect", "malformed_body", "html")
)
EFFECTS = REPLY_EFFECTS | CANDIDATE_EFFECTS | TRANSPORT_EFFECTS | BY_NAME.keys()
MATCHABLE = frozenset(("key", "project", "model", "kind", "text", "method", "repair"))


class InvalidFault(ValueError):
    """The fault's JSON makes no sense; the message says where."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a fault can tell a call by."""

    key: str
    project: str
    model: str
    kind: str
    method: str
    text: str
    repair: bool
    fingerprint: str
    occurrence: int
    at: float


@dataclass
class Fault:
    effect: str
    id: str
    made_at: float
    parameters: dict[str, Any] = field(default_factory=dict)
    match: dict[str, Any] = field(default_factory=dict)
    probability: float = 1.0
    every: int | None = None
    count: int | None = None
    distinct: int | None = None
    after: float = 0.0
    seconds: float | None = None
    sticky: bool = False
    matched: int = 0
    struck: int = 0
    contents: set[str] = field(default_factory=set)

    @classmethod
    def from_json(cls, body: Mapping[str, Any], identifier: str, now: float) -> "Fault":
        own = {"id", "made_at", "matched", "struck", "contents"}
        allowed = {each.name for each in fields(cls)} - own
        unknown = body.keys() - allowed - {"id"}
        if unknown:
            raise InvalidFault(f"unknown fields {sorted(unknown)}; allowed are {sorted(allowed)}")
        if body.get("effect") not in EFFECTS:
            raise InvalidFault(f"effect must be one of {sorted(EFFECTS)}")
        if (body.get("match") or {}).keys() - MATCHABLE:
            raise InvalidFault(f"match takes {sorted(MATCHABLE)}")
        given = {name: value for name, value in body.items() if name in allowed}
        return cls(id=str(body.get("id") or identifier), made_at=now, **given)

    def strikes(self, call: Call, seed: int) -> bool:
        elapsed = call.at - self.made_at
        if elapsed < self.after or (
            self.seconds is not None and elapsed >= self.after + self.seconds
        ):
            return False
        if (self.count is not None and self.struck >= self.count) or not self._matches(call):
            return False
        self.matched += 1
        if not self._chosen(call, seed):
            return False
        self.struck += 1
        return True

    def _matches(self, call: Call) -> bool:
        for name, wanted in self.match.items():
            if name == "text":
                if str(wanted) not in call.text:
                    return False
            elif wanted not in ("*", getattr(call, name)):
                return False
        return True

    def _chosen(self, call: Call, seed: int) -> bool:
        if self.every is not None and self.matched % self.every:
            return False
        if self.distinct is not None and call.fingerprint not in self.contents:
            if len(self.contents) >= self.distinct:
                return False
            self.contents.add(call.fingerprint)
        if self.probability >= 1:
            return True
        occurrence = "always" if self.sticky else call.occurrence
        return uniform(seed, self.id, call.fingerprint, occurrence) < self.probability

    def as_json(self) -> dict[str, Any]:
        shown = {each.name: getattr(self, each.name) for each in fields(self)}
        shown["contents"] = len(self.contents)
        return shown


class FaultBook:
    """The faults in force, in the order they were made."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._faults: dict[str, Fault] = {}
        self._made = 0

    def add(self, body: Mapping[str, Any], now: float) -> Fault:
        self._made += 1
        fault = Fault.from_json(body, f"fault-{self._made}", now)
        self._faults[fault.id] = fault
        return fault

    def remove(self, identifier: str | None = None) -> int:
        """Remove one, or all; the answer is how many went."""
        if identifier is None:
            removed = len(self._faults)
            self._faults.clear()
            return removed
        return 1 if self._faults.pop(identifier, None) else 0

    def all(self) -> list[Fault]:
        return list(self._faults.values())

    def striking(self, call: Call) -> list[Fault]:
        return [fault for fault in self._faults.values() if fault.strikes(call, self.seed)]
