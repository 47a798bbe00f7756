"""Settings of one run, from the command line and a JSON file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from scripts.gemini_emulator.keys import ApiKey
from scripts.gemini_emulator.latency import LatencySettings
from scripts.gemini_emulator.quotas import METERS, Admission, QuotaLimits

GENEROUS = QuotaLimits(rpm=4_000, tpm=8_000_000, rpd=None)


@dataclass(frozen=True)
class QuotaRule:
    """Limits of a project and model; `*` stands for any. `used_today` starts the day's count."""

    limits: QuotaLimits
    project: str = "*"
    model: str = "*"
    used_today: int = 0

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "QuotaRule":
        unknown = body.keys() - {"project", "model", "rpm", "tpm", "rpd", "used_today"}
        if unknown:
            raise ValueError(f"unknown quota fields {sorted(unknown)}")
        limits = QuotaLimits(body.get("rpm"), body.get("tpm"), body.get("rpd"))
        return cls(
            limits,
            str(body.get("project", "*")),
            str(body.get("model", "*")),
            int(body.get("used_today", 0)),
        )


@dataclass(frozen=True)
class Settings:
    seed: int = 1
    keys: tuple[ApiKey, ...] = ()
    quotas: tuple[QuotaRule, ...] = (QuotaRule(GENEROUS),)
    admission: Admission = "token_bucket"
    tier: str = "free"
    latency: LatencySettings = field(default_factory=LatencySettings)
    faults: tuple[Mapping[str, Any], ...] = ()

    def with_file(self, path: Path) -> "Settings":
        """Raises ValueError naming what is wrong in the file."""
        body = json.loads(path.read_text(encoding="utf-8"))
        unknown = body.keys() - {each.name for each in fields(self)}
        if unknown:
            raise ValueError(f"{path}: unknown settings {sorted(unknown)}")
        changes: dict[str, Any] = {
            name: body[name] for name in ("seed", "tier", "faults") if name in body
        }
        if "keys" in body:
            changes["keys"] = tuple(key_from_json(one) for one in body["keys"])
        if "quotas" in body:
            rules = tuple(QuotaRule.from_json(one) for one in body["quotas"])
            changes["quotas"] = (QuotaRule(GENEROUS), *rules)
        if "admission" in body:
            changes["admission"] = admission(body["admission"])
        if "latency" in body:
            changes["latency"] = change_latency(self.latency, body["latency"])
        return replace(self, **changes)


def key_from_json(body: Mapping[str, Any]) -> ApiKey:
    alias, value = str(body["alias"]), str(body["key"])
    return ApiKey(alias, value, str(body.get("project") or f"project-of-{alias}"))


def admission(name: str) -> Admission:
    for known in METERS:
        if name == known:
            return known
    raise ValueError(f"admission is one of {sorted(METERS)}")


def change_latency(settings: LatencySettings, body: Mapping[str, Any]) -> LatencySettings:
    unknown = body.keys() - {each.name for each in fields(settings)}
    if unknown:
        raise ValueError(f"unknown latency settings {sorted(unknown)}")
    return replace(settings, **{name: float(value) for name, value in body.items()})
