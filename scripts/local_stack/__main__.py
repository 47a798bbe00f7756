"""Commands: up, down, status, logs."""

import argparse
import sys

from scripts.local_stack import logs, stack
from scripts.local_stack.layout import Layout, read_json
from scripts.local_stack.steps import StepFailed, fail


def main() -> int:
    """Run one command. Returns the exit status."""
    arguments = _parser().parse_args()
    layout = Layout.from_environment()
    try:
        return int(arguments.run(layout, arguments))
    except StepFailed as error:
        return fail(error)
    except KeyboardInterrupt:
        print("\nStopped. What was started still runs: make down ends it.", file=sys.stderr)
        return 130


def _up(layout: Layout, arguments: argparse.Namespace) -> int:
    addresses = stack.up(layout, arguments.environment)
    status, body = stack.wait_until_healthy(addresses["api_url"])
    for name in ("api_url", "ws_url", "web_url", "gemini_url", "aws_endpoint_url"):
        print(f"  {name:<17} {addresses[name]}")
    print(f"  {'addresses':<17} {layout.stack_file}")
    if status != 200:
        advice = f"look at the functions' logs (make logs) and at {layout.logs}."
        return fail(StepFailed("The health check", f"GET /health says {status}: {body}", advice))
    return 0


def _down(layout: Layout, _: argparse.Namespace) -> int:
    stopped = stack.down(layout)
    print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
    return 0


def _status(layout: Layout, _: argparse.Namespace) -> int:
    for name, state in stack.status(layout).items():
        print(f"  {name:<10} {state}")
    for name, address in read_json(layout.stack_file).items():
        if name not in ("database_url", "redis_url"):
            print(f"  {name:<17} {address}")
    return 0


def _logs(layout: Layout, arguments: argparse.Namespace) -> int:
    return logs.show(layout, arguments.minutes, arguments.follow, arguments.function)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.local_stack", description=__doc__)
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="start and deploy what is missing")
    up.add_argument("--environment", choices=["local", "test"], default="local")
    up.set_defaults(run=_up)
    commands.add_parser("down", help="stop everything").set_defaults(run=_down)
    commands.add_parser("status", help="what runs, and where").set_defaults(run=_status)
    shown = commands.add_parser("logs", help="what the functions wrote")
    shown.add_argument("--minutes", type=float, default=10, help="how far back")
    shown.add_argument("--follow", action="store_true", help="go on until interrupted")
    shown.add_argument("--function", default="", help="only functions with this in their name")
    shown.set_defaults(run=_logs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
