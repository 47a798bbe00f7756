"""Makes the virtual environments from the lock files; needs only Python and its standard library.

Three environments, because their packages must not meet: `.venv` develops and tests, the others
run the emulator of AWS and the SAM CLI. uv installs them side by side, with every hash checked.
"""

from __future__ import annotations  # an older Python must get as far as being told so

import concurrent.futures
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT = ROOT / ".venv"
ENVIRONMENTS = {
    "development": DEVELOPMENT,
    "ministack": ROOT / ".local" / "environments" / "ministack",
    "sam": ROOT / ".local" / "environments" / "sam",
}
STAMP = "installed-lock"

# pip's settings that say where packages come from, and uv's names for them.
_PIP_TO_UV = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "no-index": ("UV_NO_INDEX", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
}


class BootstrapError(Exception):
    """The environments can't be made; the message says why and what to do."""


def main() -> int:
    """Bring every environment up to date. Returns the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        return _run_again_with_newer_python()
    try:
        outdated = [name for name in ENVIRONMENTS if not _is_current(name)]
        if outdated:
            _install(outdated)
    except BootstrapError as error:
        print(f"\nSetting up the environments failed: {error}", file=sys.stderr)
        return 1
    return 0


def package_index_settings() -> dict[str, str]:
    """uv's environment variables for the package sources that pip is configured with."""
    pip = DEVELOPMENT / "bin" / "python"
    listing = subprocess.run(
        [str(pip), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found: dict[str, str] = {}
    for line in listing.stdout.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name not in _PIP_TO_UV:
            continue
        variable, separator = _PIP_TO_UV[name]
        # pip lists the environment's settings first, and they count most.
        found.setdefault(variable, separator.join(shlex.split(value)[0].split()))
    settings = {name: value for name, value in found.items() if name not in os.environ}
    # As pip does: all sources are equal. The hashes decide what is accepted.
    settings.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return settings


def _run_again_with_newer_python() -> int:
    for minor in range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return subprocess.call([newer, *sys.argv])
    print(
        "Learning App needs Python 3.11 or newer; this is {}.{}. Install a newer one, or say where"
        " it is: make PYTHON=/path/to/python3.13 …".format(*sys.version_info[:2]),
        file=sys.stderr,
    )
    return 1


def _lock(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.lock"


def _is_current(name: str) -> bool:
    folder = ENVIRONMENTS[name]
    stamp = folder / STAMP
    return (
        (folder / "bin" / "python").exists()
        and stamp.exists()
        and stamp.read_text() == _fingerprint(name)
    )


def _fingerprint(name: str) -> str:
    """The lock file's content and the Python that the environment was made with."""
    configuration = (ENVIRONMENTS[name] / "pyvenv.cfg").read_text()
    version = re.search(r"^version\w* *= *(\d+\.\d+)", configuration, re.MULTILINE)
    digest = hashlib.sha256(_lock(name).read_bytes()).hexdigest()
    return f"{version.group(1) if version else 'unknown'} {digest}\n"


def _install(names: list[str]) -> None:
    started = time.monotonic()
    print("Setting up: {} …".format(", ".join(names)), flush=True)
    _make_environment(DEVELOPMENT, with_pip=True)
    uv = _ensure_uv()
    settings = {**os.environ, **package_index_settings()}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for installed in [pool.submit(_install_one, name, uv, settings) for name in names]:
            installed.result()
    print(f"Set up in {time.monotonic() - started:.1f} s.", flush=True)


def _install_one(name: str, uv: Path, settings: dict[str, str]) -> None:
    folder = ENVIRONMENTS[name]
    stamp = folder / STAMP
    _make_environment(folder, with_pip=folder == DEVELOPMENT)
    stamp.unlink(missing_ok=True)
    command = [str(uv), "pip", "sync", "--quiet", "--require-hashes"]
    command += ["--python", str(folder / "bin" / "python"), str(_lock(name))]
    _run(command, settings, f"the packages of {_lock(name).name} can't be installed")
    stamp.write_text(_fingerprint(name))


def _make_environment(folder: Path, with_pip: bool) -> None:
    python = folder / "bin" / "python"
    if python.exists():
        works = subprocess.run([str(python), "-c", ""], capture_output=True, check=False)
        if works.returncode == 0:
            return
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(folder)]
    if not with_pip:
        command.insert(3, "--without-pip")
    _run(
        command,
        dict(os.environ),
        "no virtual environment can be made (on Debian and Ubuntu: apt install python3-venv)",
    )


def _ensure_uv() -> Path:
    """uv in the version that the lock file names, installed by pip."""
    uv = DEVELOPMENT / "bin" / "uv"
    wanted = _locked_requirement("uv")
    version = re.match(r"uv==([^ \\]+)", wanted)
    if version is None:
        raise BootstrapError("requirements/development.lock doesn't name uv")
    if uv.exists():
        found = subprocess.run([str(uv), "--version"], capture_output=True, text=True, check=False)
        if found.stdout.split()[1:2] == [version.group(1)]:
            return uv
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "uv.txt"
        requirements.write_text(wanted)
        command = [str(DEVELOPMENT / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        command += ["--no-deps", "--require-hashes", "--requirement", str(requirements)]
        _run(command, dict(os.environ), "uv can't be installed by pip")
    return uv


def _locked_requirement(package: str) -> str:
    """The lock file's entry of one package, with its hashes."""
    lines = _lock("development").read_text().splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith(package + "==")), None)
    if start is None:
        return ""
    end = start
    while lines[end].endswith("\\"):
        end += 1
    return "\n".join(lines[start : end + 1]) + "\n"


def _run(command: list[str], environment: dict[str, str], meaning: str) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BootstrapError(
            f"{meaning}.\n{done.stdout.strip()}\nIf the package index can't be reached, look at"
            " pip's settings (pip config list): the same sources are used."
        )


if __name__ == "__main__":
    sys.exit(main())
