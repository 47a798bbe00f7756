"""Renews the lock files from requirements/*.in, with hashes, for every platform we run on."""

import subprocess
import sys

from scripts.bootstrap import ENVIRONMENTS, OLDEST_PYTHON
from scripts.local_stack.layout import DEVELOPMENT_BIN, ROOT


def main() -> int:
    """Lock `runtime` first: `development` contains it. Returns the exit status."""
    for name in ["runtime", *ENVIRONMENTS]:
        print(f"  locking {name} …", flush=True)
        command = [str(DEVELOPMENT_BIN / "uv"), "pip", "compile", "--quiet", "--upgrade"]
        command += ["--universal", "--generate-hashes", "--no-header", "--no-emit-index-url"]
        command += ["--python-version", ".".join(map(str, OLDEST_PYTHON))]
        command += [f"requirements/{name}.in", "--output-file", f"requirements/{name}.lock"]
        # Only PyPI's own list has every platform's files: a mirror's would lose hashes.
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode != 0:
            print(f"\nLocking {name} failed; the lines above say why.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
