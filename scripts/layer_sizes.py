"""Tells how large the functions' layers are, unpacked; fails over the limit we set ourselves.

Lambda takes 250 MB for a function and its layers. We stay under 150 MB, because unpacking is a
part of every cold start.
"""

import sys
from pathlib import Path

from scripts.local_stack import sam
from scripts.local_stack.layout import Layout
from scripts.local_stack.sam import Target
from scripts.local_stack.steps import StepFailed, fail

LIMIT_BYTES = 150_000_000
LARGEST_SHOWN = 5


def main() -> int:
    """Build where needed, print, compare. Returns the exit status."""
    target = Target.this_machine()
    try:
        sam.build(target, Layout.from_environment().log("sam-build"))
    except StepFailed as error:
        return fail(error)
    layers = {
        "dependencies": target.packages,
        "shared": target.template.parent / "SharedLayer",
    }
    sizes = {name: size_of(folder) for name, folder in layers.items()}
    for name, size in sizes.items():
        print(f"{name:<14}{size / 1e6:7.1f} MB")
    total = sum(sizes.values())
    print(f"{'together':<14}{total / 1e6:7.1f} MB of {LIMIT_BYTES / 1e6:.0f} MB")
    if total <= LIMIT_BYTES:
        return 0
    packages = {path: size_of(path) for path in (target.packages / "python").iterdir()}
    for path in sorted(packages, key=packages.__getitem__, reverse=True)[:LARGEST_SHOWN]:
        print(f"  {path.name:<24}{packages[path] / 1e6:7.1f} MB")
    return 1


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


if __name__ == "__main__":
    sys.exit(main())
