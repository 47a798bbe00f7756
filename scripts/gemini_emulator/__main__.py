"""Starts the emulator: `python -m scripts.gemini_emulator --port 0 --key alias=value@project`."""

import argparse
from dataclasses import replace
from pathlib import Path

from scripts.gemini_emulator.application import build_application
from scripts.gemini_emulator.control import BANNER
from scripts.gemini_emulator.keys import ApiKey
from scripts.gemini_emulator.quotas import METERS, QuotaLimits
from scripts.gemini_emulator.server import listen, serve
from scripts.gemini_emulator.settings import QuotaRule, Settings, admission
from scripts.gemini_emulator.state import Emulator


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.gemini_emulator",
        description=BANNER + " Command line arguments override the configuration file.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8600, help="0 takes a free port")
    parser.add_argument("--config", type=Path, help="JSON file with the settings")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="ALIAS=VALUE@PROJECT",
        help="an accepted API key; repeat for more; no key is accepted that isn't configured",
    )
    parser.add_argument("--seed", type=int)
    parser.add_argument("--latency-scale", type=float, help="1 is a real model's latency, 0 none")
    parser.add_argument("--admission", choices=sorted(METERS))
    parser.add_argument("--rpm", type=int, help="requests a minute per project and model")
    parser.add_argument("--tpm", type=int, help="input tokens a minute per project and model")
    parser.add_argument("--rpd", type=int, help="requests a day per project and model")
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = Settings()
    if arguments.config:
        settings = settings.with_file(arguments.config)
    if arguments.key:
        keys = tuple(map(ApiKey.parse, arguments.key))
        settings = replace(settings, keys=(*settings.keys, *keys))
    if arguments.seed is not None:
        settings = replace(settings, seed=arguments.seed)
    if arguments.latency_scale is not None:
        latency = replace(settings.latency, scale=arguments.latency_scale)
        settings = replace(settings, latency=latency)
    if arguments.admission:
        settings = replace(settings, admission=admission(arguments.admission))
    given = (arguments.rpm, arguments.tpm, arguments.rpd)
    if any(limit is not None for limit in given):
        rule = QuotaRule(QuotaLimits(*given))
        settings = replace(settings, quotas=(rule, *settings.quotas[1:]))
    return settings


def main() -> None:
    parser = _parser()
    arguments = parser.parse_args()
    try:
        emulator = Emulator(_settings(arguments))
    except (ValueError, OSError) as error:
        parser.error(str(error))
    listener = listen(arguments.host, arguments.port)
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    url = f"http://{host}:{listener.getsockname()[1]}"

    def announce() -> None:
        print(BANNER, flush=True)
        print(f"Gemini emulator ready at {url}", flush=True)

    serve(build_application(emulator), listener, announce)


if __name__ == "__main__":
    main()
