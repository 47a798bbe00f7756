"""Seals the stored Gemini keys with the new ENCRYPTION_KEY, after it was changed.

    python -m scripts.seal_keys_anew

Needs the old key as PREVIOUS_ENCRYPTION_KEY, or in the secret that ENCRYPTION_SECRET_ARN names,
where deploying has put it. All keys are sealed anew or none; running it again changes nothing.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from functions.admin.key_store import KeyTable
from functions.admin.service import Configured, KeyAdministration
from scripts.stack_database import stack_database
from shared.ai.key_encryption import KeyCipher
from shared.config import ConfigurationError, read_settings
from shared.database.engine import Database


def seal_anew(database: Database, cipher: KeyCipher) -> int:
    """How many keys were sealed with an older passphrase. Raises ConfigurationError."""
    nothing_configured = Configured((), "environment", separate_projects=False)
    with database.transaction() as session:
        keys = KeyAdministration(
            KeyTable(session), nothing_configured, lambda: cipher, lambda _key: None
        )
        return keys.seal_anew()


def main(arguments: list[str] | None = None) -> int:
    """0 where every stored key is sealed with the new passphrase now."""
    text = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=__doc__, formatter_class=text).parse_args(arguments)
    try:
        cipher = KeyCipher(read_settings().encryption_keys(fresh=True))
        changed = seal_anew(stack_database(), cipher)
    except ConfigurationError as error:
        print(f"seal_keys_anew: {error}; nothing was changed", file=sys.stderr)
        return 2
    print(f"{changed} keys were sealed anew; PREVIOUS_ENCRYPTION_KEY is needed no more.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
