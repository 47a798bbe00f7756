"""What a developer may set, in the environment or in `.env`, for a stack on this machine."""

import base64
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dotenv import dotenv_values

from scripts.local_stack.layout import ROOT, Layout, read_json, write_json
from scripts.local_stack.steps import StepFailed
from shared.ai.keys import keys_from_environment
from shared.config import ConfigurationError
from shared.config import Settings as FunctionSettings
from shared.config import read_settings as read_function_settings

GOOGLE = "https://generativelanguage.googleapis.com"
EMULATED_KEYS = 14
_MODEL = "gemini-2.5-flash"
_FLAGS = {"TRANSCRIBE_SCANS", "GEMINI_QUOTA_PROBING", "GEMINI_KEYS_ARE_SEPARATE_PROJECTS"}
# The emulator's own defaults; it counts no days.
_EMULATED_QUOTA = {"rpm": 4_000, "tpm": 8_000_000, "rpd": 1_000_000}


@dataclass(frozen=True)
class GeminiKey:
    """One API key. Keys of one project share its quota, and so do those that name none."""

    alias: str
    key: str = field(repr=False)
    project: str | None

    def as_secret(self) -> dict[str, str]:
        """The form that the functions read."""
        named = {"project": self.project} if self.project else {}
        return {"alias": self.alias, "key": self.key, **named}


@dataclass(frozen=True)
class Settings:
    """The developer's choices; None means that the local stack brings the thing itself."""

    environment: str
    log_level: str
    allowed_origins: str
    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    gemini_base_url: str | None
    gemini_keys: tuple[GeminiKey, ...]
    gemini_model: str | None
    gemini_fallback_model: str | None
    gemini_quotas: str | None
    gemini_quota_probing: str | None
    gemini_keys_are_separate_projects: str | None
    gemini_user_daily_micro_usd: str | None
    transcribe_scans: str | None
    jwt_secret: str = field(repr=False)
    encryption_key: str = field(repr=False)

    @property
    def emulates_gemini(self) -> bool:
        """Without a key and without a server of the developer's own, a stand-in answers."""
        return not self.gemini_keys and self.gemini_base_url is None

    def key_pool(self) -> tuple[GeminiKey, ...]:
        """The keys of the pool: the developer's, or those that the emulator knows."""
        return self.gemini_keys or tuple(
            GeminiKey(f"key_{n}", f"emulator-key-{n:02}", f"project-{n}")
            for n in range(1, EMULATED_KEYS + 1)
        )


def read_settings(layout: Layout, environment: str) -> Settings:
    """The settings of `local`, or of `test`, which takes nothing from the developer.

    Raises StepFailed where a setting of the model or of a key is wrong.
    """
    given: dict[str, str] = {}
    if environment == "local":
        given = given_settings()
        refuse_mistakes(given)
    own = own_secrets(layout)
    return Settings(
        environment=environment,
        log_level=given.get("LOG_LEVEL", "INFO").upper(),
        allowed_origins=given.get("ALLOWED_ORIGINS", "*"),
        database_url=given.get("DATABASE_URL"),
        redis_url=given.get("REDIS_URL"),
        gemini_base_url=given.get("GEMINI_BASE_URL"),
        gemini_keys=read_gemini_keys(given),
        gemini_model=given.get("GEMINI_MODEL"),
        gemini_fallback_model=given.get("GEMINI_FALLBACK_MODEL"),
        gemini_quotas=_quotas(given, environment),
        gemini_quota_probing=given.get("GEMINI_QUOTA_PROBING"),
        gemini_keys_are_separate_projects=given.get("GEMINI_KEYS_ARE_SEPARATE_PROJECTS"),
        gemini_user_daily_micro_usd=given.get("GEMINI_USER_DAILY_MICRO_USD"),
        transcribe_scans=given.get("TRANSCRIBE_SCANS"),
        jwt_secret=given.get("JWT_SECRET", own["jwt_secret"]),
        encryption_key=given.get("ENCRYPTION_KEY", own["encryption_key"]),
    )


def _quotas(given: Mapping[str, str], environment: str) -> str | None:
    """GEMINI_QUOTAS, or where the stand-in answers a developer what that allows.

    Tests are left with the free tier's quotas, which they meet on purpose.
    """
    emulated = not (read_gemini_keys(given) or given.get("GEMINI_BASE_URL"))
    if environment == "local" and emulated and "GEMINI_QUOTAS" not in given:
        return json.dumps({given.get("GEMINI_MODEL", _MODEL): _EMULATED_QUOTA})
    return given.get("GEMINI_QUOTAS")


def read_gemini_keys(given: Mapping[str, str]) -> tuple[GeminiKey, ...]:
    """GEMINI_API_KEY_1 … in order, each with GEMINI_PROJECT_n.

    Keys that name no project share one, unless GEMINI_KEYS_ARE_SEPARATE_PROJECTS says otherwise:
    Google's quota is per project, and a wrong guess would go beyond it.
    """
    separate = _flag(given.get("GEMINI_KEYS_ARE_SEPARATE_PROJECTS", "")) == "true"
    numbers = sorted(
        int(match.group(1))
        for name in given
        if (match := re.fullmatch(r"GEMINI_API_KEY_(\d+)", name))
    )
    return tuple(
        GeminiKey(
            alias=f"key_{number}",
            key=given[f"GEMINI_API_KEY_{number}"],
            project=given.get(
                f"GEMINI_PROJECT_{number}", f"project-{number}" if separate else None
            ),
        )
        for number in numbers
    )


def refuse_mistakes(given: Mapping[str, str]) -> None:
    """Raises StepFailed where the functions could not read a setting of the model or of a key."""
    names = [name for name in FunctionSettings.model_fields if name.startswith("gemini_")]
    of_model = {name: given[name.upper()] for name in names if name.upper() in given}
    try:
        read_function_settings(**of_model)
        keys_from_environment(given, separate_projects=False)
    except ConfigurationError as error:
        advice = "mend it in .env or in the environment; .env.example says how each is written."
        raise StepFailed("Reading the settings", f"{error}.", advice) from None


def own_secrets(layout: Layout) -> dict[str, Any]:
    """Secrets of this stack alone, made once and kept from other users."""
    made = read_json(layout.secrets_file)
    if not {"jwt_secret", "encryption_key", "database_password"} <= made.keys():
        made = {
            "jwt_secret": secrets.token_urlsafe(48),
            "encryption_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "database_password": secrets.token_urlsafe(24),
            **made,
        }
        write_json(layout.secrets_file, made, private=True)
    return made


def given_settings() -> dict[str, str]:
    """What is set: `.env` and, counting more, the environment. Empty values are not set."""
    merged = {**dotenv_values(ROOT / ".env", interpolate=False), **os.environ}
    given = {name: value for name, value in merged.items() if value}
    return {**given, **{name: _flag(given[name]) for name in _FLAGS & given.keys()}}


def _flag(value: str) -> str:
    """`true` or `false`, as the template wants it; what is neither is left to be refused there."""
    told = value.strip().lower()
    return {"1": "true", "yes": "true", "0": "false", "no": "false"}.get(told, told)
