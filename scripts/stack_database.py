"""The database that a script for operators works on."""

import json
import os

from scripts.local_stack.layout import ROOT
from shared.config import read_settings
from shared.database.engine import Database, build_engine

_STACK = ROOT / ".local" / "stack.json"


def stack_database() -> Database:
    """Of DATABASE_URL or the secret that is configured, else of the local stack.

    Raises ConfigurationError where there is none of them.
    """
    configured = {"DATABASE_URL", "DATABASE_SECRET_ARN"} & os.environ.keys()
    if not configured and _STACK.exists():
        os.environ["DATABASE_URL"] = json.loads(_STACK.read_text())["database_url"]
    return Database(build_engine(read_settings().resolved_database_url(), 1))
