"""Writes the OpenAPI document of the whole API to functions/gateway/openapi.json.

With --check it writes nothing, and exits with 1 where the file isn't what the code says.
"""

import argparse
import difflib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.openapi.document import MissingServices, build_document

TARGET = Path(__file__).resolve().parent.parent / "functions" / "gateway" / "openapi.json"
_LINES_SHOWN = 40


def main() -> int:
    """0 where the document is written, or is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    try:
        built = json.dumps(build_document(), indent=1, ensure_ascii=False) + "\n"
    except MissingServices as error:
        print(f"build_openapi: {error}", file=sys.stderr)
        return 2
    written = TARGET.read_text("utf-8") if TARGET.exists() else ""
    if built == written:
        return 0
    if not check:
        TARGET.write_text(built, "utf-8")
        print(f"written: {TARGET}")
        return 0
    changes = difflib.unified_diff(written.splitlines(), built.splitlines(), "file", "code", n=1)
    print("\n".join(list(changes)[:_LINES_SHOWN]), file=sys.stderr)
    print("build_openapi: out of date, run scripts/build_openapi.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
