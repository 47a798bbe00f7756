"""Gives a registered user the role of an administrator: `create_admin.py ada@example.com`."""

import argparse
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import update

from functions.auth.rules import normalise_email
from shared.config import ConfigurationError, Settings
from shared.database.engine import Database, build_engine
from shared.database.tables.users import User

STACK = Path(__file__).resolve().parent.parent / ".local" / "stack.json"


def make_admin(database: Database, email: str) -> bool:
    """Set the role; False where nobody registered with `email`. Raises ValueError."""
    with database.transaction() as session:
        changed = session.scalar(
            update(User)
            .where(User.email == normalise_email(email))
            .values(role="admin")
            .returning(User.id)
        )
    return changed is not None


def _database_url() -> str:
    """DATABASE_URL or the secret that is configured, else the local stack's database."""
    configured = {"DATABASE_URL", "DATABASE_SECRET_ARN"} & os.environ.keys()
    if not configured and STACK.exists():
        os.environ["DATABASE_URL"] = json.loads(STACK.read_text())["database_url"]
    return Settings().resolved_database_url()


def main() -> int:
    """0 where the user is an administrator now."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("email", help="the address that the user registered with")
    email = parser.parse_args().email
    try:
        found = make_admin(Database(build_engine(_database_url(), 1)), email)
    except (ValueError, ConfigurationError) as error:
        print(f"create_admin: {error}", file=sys.stderr)
        return 2
    if not found:
        print(f"create_admin: nobody has registered as {email}", file=sys.stderr)
        return 1
    print(f"{email} is an administrator from the next sign-in or token refresh on.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
