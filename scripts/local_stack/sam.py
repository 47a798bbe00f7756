"""Runs the SAM CLI: builds the functions and layers, deploys the template."""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.bootstrap import package_index_settings
from scripts.local_stack.layout import BUILD, DEVELOPMENT_BIN, ROOT, SAM_BIN
from scripts.local_stack.sources import dependencies_digest, sources_digest
from scripts.local_stack.steps import StepFailed, last_lines

# What must not reach the emulator: the developer's own account.
_OWN_ACCOUNT = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN")


@dataclass(frozen=True)
class Target:
    """What the functions are built for. `platform` is uv's name of the machine, or `local`."""

    runtime: str
    architecture: str
    platform: str

    @classmethod
    def this_machine(cls) -> "Target":
        """This interpreter on this processor: where the emulator runs functions."""
        arm = platform.machine().lower() in ("arm64", "aarch64")
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return cls(version, "arm64" if arm else "x86_64", "local")

    @classmethod
    def lambda_service(cls, runtime: str, architecture: str) -> "Target":
        """AWS Lambda, whose machines run Amazon Linux 2023."""
        processor = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
        return cls(runtime, architecture, f"{processor}-manylinux_2_28")

    @property
    def folder(self) -> Path:
        """Where builds for this target are kept."""
        return BUILD / f"{self.runtime}-{self.platform}"

    @property
    def template(self) -> Path:
        """The built template."""
        return self.folder / "output" / "template.yaml"

    @property
    def packages(self) -> Path:
        """The unpacked third-party packages of a build for this machine."""
        return BUILD / "dependencies" / f"{self.runtime}-{dependencies_digest()}"

    def parameters(self) -> dict[str, str]:
        """The template's parameters that say the same."""
        return {"RuntimeVersion": self.runtime, "Architecture": self.architecture}


def is_built(target: Target) -> bool:
    """Whether the last build for the target was of the code as it is now."""
    stamp = target.folder / "built-sources"
    return target.template.exists() and stamp.exists() and stamp.read_text() == sources_digest()


def build(target: Target, log: Path) -> None:
    """Build everything for the target, unless that was done. A second build waits for the first."""
    with _locked(target, fcntl.LOCK_EX):
        if is_built(target):
            return
        stamp = target.folder / "built-sources"
        stamp.unlink(missing_ok=True)
        digest = sources_digest()
        _check_interpreter(target)
        command = [str(SAM_BIN / "sam"), "build", "--cached", "--parallel"]
        command += ["--template-file", str(ROOT / "template.yaml")]
        command += ["--build-dir", str(target.template.parent)]
        command += ["--cache-dir", str(target.folder / "cache")]
        command += ["--parameter-overrides", *overrides(target.parameters())]
        variables = {
            "LAYER_RUNTIME": target.runtime,
            "LAYER_PLATFORM": target.platform,
            "LAYER_STORE": str(target.packages),
            **package_index_settings(),
        }
        advice = f"read {log}; a package that can't be fetched and a broken template come first."
        _run("Building the functions and layers", command, variables, log, advice)
        stamp.write_text(digest)


@contextmanager
def built(target: Target) -> Iterator[Path]:
    """The built template, which no other build replaces within the block."""
    with _locked(target, fcntl.LOCK_SH):
        yield target.template


def deploy(
    *,
    environment: str,
    template: Path,
    stack: str,
    parameters: Mapping[str, str],
    variables: Mapping[str, str],
    log: Path | None,
    options: Sequence[str] = (),
) -> None:
    """Deploy a built template, with `variables` saying to which AWS. Without a log it asks."""
    command = [str(SAM_BIN / "sam"), "deploy", "--config-env", environment]
    command += ["--config-file", str(ROOT / "samconfig.toml"), "--template-file", str(template)]
    command += ["--stack-name", stack, *options, "--parameter-overrides", *overrides(parameters)]
    advice = f"read {log}, whose end" if log else "look above: the last table"
    advice += " names the resource that failed."
    _run(f"Deploying {stack}", command, {"SAM_CLI_POLL_DELAY": "0.2", **variables}, log, advice)


@contextmanager
def _locked(target: Target, kind: int) -> Iterator[None]:
    target.folder.mkdir(parents=True, exist_ok=True)
    with (target.folder / "lock").open("w") as lock:
        fcntl.flock(lock, kind)
        yield


def overrides(parameters: Mapping[str, str]) -> list[str]:
    """Parameters as arguments of the SAM CLI."""
    return [
        f"ParameterKey={name},ParameterValue={_quoted(value)}" for name, value in parameters.items()
    ]


def _quoted(value: str) -> str:
    """As the SAM CLI reads a value with spaces or quotation marks, such as JSON."""
    if not {" ", '"'} & set(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _check_interpreter(target: Target) -> None:
    found = shutil.which(target.runtime, path=_path())
    works = found and subprocess.run([found, "-c", ""], capture_output=True, check=False)
    if not works or works.returncode != 0:
        raise StepFailed(
            "Building the functions and layers",
            f"they are built for {target.runtime}, and no {target.runtime} is on the PATH.",
            f"install it, or deploy with RUNTIME={Target.this_machine().runtime}.",
        )


def _path() -> str:
    # The interpreter and uv that build are this project's own.
    return os.pathsep.join([str(DEVELOPMENT_BIN), os.environ["PATH"]])


def _run(
    name: str, command: list[str], variables: Mapping[str, str], log: Path | None, advice: str
) -> None:
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0", "PYTHONUNBUFFERED": "1"}
    if variables.get("AWS_ENDPOINT_URL"):
        environment = {key: value for key, value in environment.items() if key not in _OWN_ACCOUNT}
    environment.update(variables)
    environment["PATH"] = _path()
    if log is None:
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    else:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
    if done.returncode != 0:
        ended = f"sam {command[1]} ended with status {done.returncode}"
        raise StepFailed(name, ended + (f":{last_lines(log)}" if log else "."), advice)
