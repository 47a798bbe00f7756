"""Gives a registered user the role of an administrator: `create_admin.py ada@example.com`."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import update

from functions.auth.rules import normalise_email
from scripts.stack_database import stack_database
from shared.config import ConfigurationError
from shared.database.engine import Database
from shared.database.tables.users import User


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


def main() -> int:
    """0 where the user is an administrator now."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("email", help="the address that the user registered with")
    email = parser.parse_args().email
    try:
        found = make_admin(stack_database(), email)
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
