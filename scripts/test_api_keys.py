"""Tries every configured Gemini key against the API and prints a table. No key is ever shown.

    python -m scripts.test_api_keys [--model NAME] [--env-file .env]

One tiny request is sent with each key, without the pool, so this uses one request of each quota.
Ends with 0 if at least one key is alive, also if its quota is spent; with 1 if none is, and with 2
if the settings can't be read.
"""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shared.ai.client import Call, CallFailed, GeminiClient
from shared.ai.error_table import Effect, Failure
from shared.ai.keyring import PoolConfig
from shared.ai.keys import ApiKey, usable
from shared.ai.prompt import Prompt
from shared.ai.wiring import listed_keys, warnings_at_start
from shared.config import ConfigurationError, Settings, read_settings
from shared.redaction import hide, redact

TIMEOUT_SECONDS = 30.0
_IN_WORDS = {True: "yes", False: "NO", None: "?"}
HEAD = (
    f"{'alias':<16} {'project':<24} {'alive':<6} {'models':>6} {'latency':>8}  "
    f"{'configured quota':<28} result"
)


@dataclass(frozen=True)
class Verdict:
    """What one key is worth. `alive` is None where nobody answered who would know it."""

    key: ApiKey
    alive: bool | None
    models: int | None
    latency_seconds: float | None
    quota: str
    result: str

    def line(self) -> str:
        models = "-" if self.models is None else str(self.models)
        latency = "-" if self.latency_seconds is None else f"{self.latency_seconds:.2f}s"
        return (
            f"{self.key.alias:<16.16} {self.key.project:<24.24} "
            f"{_IN_WORDS[self.alive]:<6} {models:>6} {latency:>8}  "
            f"{self.quota:<28} {self.result}"
        )


async def try_key(client: GeminiClient, key: ApiKey, model: str, quota: str) -> Verdict:
    """One request and one look at the list of models."""
    began = time.monotonic()
    alive: bool | None = True
    result = "ok"
    try:
        await client.generate(_smallest_call(key, model))
    except CallFailed as failed:
        alive = _shows_life(failed.failure)
        limit = failed.failure.limit
        named = f", the API names a limit of {limit}" if limit is not None else ""
        # Google's words may be of several lines.
        result = " ".join(redact(f"{failed.failure.kind}: {failed}{named}").split())[:110]
    latency = time.monotonic() - began
    models = await client.count_models(key.value) if alive else None
    return Verdict(key, alive, models, latency, quota, result)


def _shows_life(failure: Failure) -> bool | None:
    """A spent quota or a refused request still shows that the key is known; an outage nothing."""
    if failure.effect in (Effect.KILL_KEY, Effect.DISABLE_PROJECT):
        return False
    return True if failure.answered and failure.effect != Effect.FAIL_MODEL else None


def _smallest_call(key: ApiKey, model: str) -> Call:
    prompt = Prompt("Answer with one word.", (), ("Say yes.",), 64, 0.0, None)
    return Call(model, key.value, prompt, TIMEOUT_SECONDS)


async def try_all(settings: Settings, keys: list[ApiKey], model: str) -> list[Verdict]:
    """All keys at the same time."""
    client = GeminiClient(settings.gemini_base_url, settings.gemini_thinking_budget)
    await client.prepare()
    config = PoolConfig.of(model, keys, settings.gemini_quotas)
    _, left_out = usable(keys)
    return list(
        await asyncio.gather(
            *(
                _not_sent(key, _quota(config, key))
                if key.alias in left_out
                else try_key(client, key, model, _quota(config, key))
                for key in keys
            )
        )
    )


async def _not_sent(key: ApiKey, quota: str) -> Verdict:
    """What no HTTP header can carry, the pool leaves out; nobody needs to be asked."""
    result = "no API key: 8 to 500 letters, digits or . _ ~ + / = - are one"
    return Verdict(key, False, None, None, quota, result)


def _quota(config: PoolConfig, key: ApiKey) -> str:
    quota = next(bucket.quota for bucket in config.buckets if bucket.project == key.project)
    return f"{quota.rpm:g}/min {quota.tpm // 1000}k tok {quota.rpd}/day"


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; 0 if at least one key is known to be alive."""
    options = _options(arguments)
    try:
        _load(options.env_file)
        settings = read_settings()
        keys = listed_keys(settings)
    except (ConfigurationError, OSError, UnicodeError) as error:
        print(f"test_api_keys: {redact(str(error))}", file=sys.stderr)
        return 2
    hide(key.value.get_secret_value() for key in keys)
    if not keys:
        print("No key is configured: set GEMINI_API_KEY_1, _2, … or GEMINI_SECRET_ARN.")
        return 1
    for warning in warnings_at_start(settings, keys):
        print(f"Note: {warning}\n")
    model = options.model or settings.gemini_model
    print(f"{len(keys)} keys, model {model}, {settings.gemini_base_url or 'Google'}\n{HEAD}")
    return _tell(asyncio.run(try_all(settings, keys, model)))


def _tell(verdicts: list[Verdict]) -> int:
    for verdict in verdicts:
        print(verdict.line())
    alive = sum(verdict.alive is True for verdict in verdicts)
    unknown = sum(verdict.alive is None for verdict in verdicts)
    told = f"; of {unknown} it isn't known" if unknown else ""
    print(f"{alive} of {len(verdicts)} keys are alive{told}")
    return 0 if alive else 1


def _load(env_file: Path | None) -> None:
    """Puts into the environment what the file says and the environment doesn't. Raises OSError."""
    if env_file is not None:
        from dotenv import load_dotenv  # noqa: PLC0415

        with env_file.open(encoding="utf-8") as lines:
            load_dotenv(stream=lines, interpolate=False)


def _options(arguments: list[str] | None) -> Any:
    text = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=text)
    parser.add_argument("--model")
    default = Path(".env") if Path(".env").exists() and not os.environ.get("CI") else None
    parser.add_argument("--env-file", type=Path, default=default)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
