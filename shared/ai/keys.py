"""Gemini API keys as configured: alias, value and the project whose quota they use."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from shared.config import ConfigurationError
from shared.redaction import redact_keys

SHARED_PROJECT = "default"
# No "|", which parts the names of the pool's counters, and nothing that a log could trip over.
ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", re.ASCII)
PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}", re.ASCII)
VALUE = re.compile(r"[A-Za-z0-9._~+/=-]{8,500}", re.ASCII)
_NUMBERED = re.compile(r"^GEMINI_API_KEY_(\d+)$")


@dataclass(frozen=True)
class ApiKey:
    """One key. `project` is the quota it draws on; several keys may share one."""

    alias: str
    value: SecretStr
    project: str


def keys_from_secret(secret: Mapping[str, Any], *, separate_projects: bool) -> list[ApiKey]:
    """The keys of a secret {"keys": [{"alias", "key", "project"}]}. Raises ConfigurationError."""
    listed = secret.get("keys", [])
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        raise ConfigurationError('the Gemini secret must look like {"keys": [{"key": …}, …]}')
    return [
        _key(
            str(item.get("alias") or f"key-{number}"),
            str(item["key"]).strip(),
            str(item["project"]) if item.get("project") else None,
            separate_projects,
        )
        for number, item in enumerate(listed, start=1)
        if item.get("key")
    ]


def keys_from_environment(
    environment: Mapping[str, str], *, separate_projects: bool
) -> list[ApiKey]:
    """The keys GEMINI_API_KEY_1, _2, …, each with GEMINI_PROJECT_n if that is set.

    The aliases are those that deploying gives these keys (scripts/local_stack/settings.py).
    """
    numbers = sorted(
        int(match.group(1))
        for name, value in environment.items()
        if (match := _NUMBERED.match(name)) and value.strip()
    )
    return [
        _key(
            f"key_{number}",
            environment[f"GEMINI_API_KEY_{number}"].strip(),
            environment.get(f"GEMINI_PROJECT_{number}"),
            separate_projects,
        )
        for number in numbers
    ]


def project_of(alias: str, named: str | None, *, separate_projects: bool) -> str:
    """The project whose quota a key uses: the named one, else its own or the one they share."""
    return named or (f"project-of-{alias}" if separate_projects else SHARED_PROJECT)


def _key(alias: str, value: str, named: str | None, separate_projects: bool) -> ApiKey:
    project = project_of(alias, named, separate_projects=separate_projects)
    # Neither is told: somebody may have put the key itself there.
    if not ALIAS.fullmatch(alias) or _holds_a_key(alias, value):
        raise ConfigurationError("a Gemini key's alias is letters, digits, '.', '_', '-': up to 60")
    if not PROJECT.fullmatch(project) or _holds_a_key(project, value):
        raise ConfigurationError(f"the project of {alias} is no name of a Google Cloud project")
    return ApiKey(alias, SecretStr(value), project)


def _holds_a_key(name: str, value: str) -> bool:
    """Names are shown and logged, and somebody may have put the key where its name belongs."""
    return redact_keys(name) != name or bool(VALUE.fullmatch(value) and value in name)


def usable(keys: Iterable[ApiKey]) -> tuple[list[ApiKey], list[str]]:
    """The keys that can be sent at all, and the aliases of the others.

    A value that no HTTP header can carry fails every call before it is made, so nobody would
    tell the pool that the key is dead.
    """
    kept, left_out = [], []
    for key in keys:
        if VALUE.fullmatch(key.value.get_secret_value()):
            kept.append(key)
        else:
            left_out.append(key.alias)
    return kept, left_out


def without_doubles(keys: Iterable[ApiKey]) -> list[ApiKey]:
    """Each alias and each key value once; the first one wins."""
    aliases: set[str] = set()
    values: set[str] = set()
    kept = []
    for key in keys:
        if key.alias in aliases or key.value.get_secret_value() in values:
            continue
        aliases.add(key.alias)
        values.add(key.value.get_secret_value())
        kept.append(key)
    return kept


def warnings_about(keys: Sequence[ApiKey]) -> list[str]:
    """What the operator should know of these keys: which go unused, and how they share quota."""
    used = without_doubles(keys)
    told = [
        f"The Gemini key {key.alias} of {key.project} is not used: another key before it has the "
        "same alias or the same value."
        for key in keys
        if not any(key is one for one in used)
    ]
    projects = Counter(key.project for key in used)
    if projects[SHARED_PROJECT] > 1:
        told.append(
            f"{projects[SHARED_PROJECT]} Gemini keys name no project and count as one project: "
            "Google's quota is per project, so they share one quota. Set GEMINI_PROJECT_n (or "
            '"project" in the secret), or GEMINI_KEYS_ARE_SEPARATE_PROJECTS=true if each key is '
            "of a project of its own."
        )
    if len(projects) > 1:
        told.append(
            f"Gemini keys of {len(projects)} projects are in use. Dividing one workload over many "
            "projects to get round a quota may break Google's terms of service; a higher tier of "
            "one project is the way that is surely allowed. One key works well too."
        )
    return told
