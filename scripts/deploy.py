"""Deploys the stack to AWS, or to another emulator of it such as LocalStack, and fills its secrets.

Settings come from `.env` and the environment, as for the local stack. Secrets go over the API of
Secrets Manager, never over a command line.
"""

import argparse
import json
import os
import platform
import sys
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from scripts.local_stack import sam
from scripts.local_stack.layout import ROOT
from scripts.local_stack.migrations import migrate
from scripts.local_stack.sam import Target
from scripts.local_stack.settings import given_settings, read_gemini_keys, refuse_mistakes
from scripts.local_stack.sources import migrations_digest
from scripts.local_stack.stack_secrets import encryption_secret, present_encryption
from scripts.local_stack.steps import StepFailed, fail, step

CLOUD = ("staging", "production")
RUNTIME = "python3.13"
ARCHITECTURE = "arm64"
_NEEDED_BY_EMULATOR = ("AWS_ENDPOINT_URL", "DATABASE_URL", "REDIS_URL")
_LOGS = ROOT / ".local" / "logs"

# Settings of the same meaning, and the template's names for them.
_PARAMETERS = {
    "LOG_LEVEL": "LogLevel",
    "ALLOWED_ORIGINS": "AllowedOrigins",
    "ALARM_EMAIL": "AlarmEmail",
    "GEMINI_BASE_URL": "GeminiBaseUrl",
    "GEMINI_MODEL": "GeminiModel",
    "GEMINI_FALLBACK_MODEL": "GeminiFallbackModel",
    "GEMINI_QUOTAS": "GeminiQuotas",
    "GEMINI_QUOTA_PROBING": "GeminiQuotaProbing",
    "GEMINI_KEYS_ARE_SEPARATE_PROJECTS": "GeminiKeysAreSeparateProjects",
    "GEMINI_USER_DAILY_MICRO_USD": "GeminiUserDailyMicroUsd",
    "TRANSCRIBE_SCANS": "TranscribeScans",
}


def main() -> int:
    """Deploy to one environment. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.deploy", description=__doc__)
    parser.add_argument("environment", nargs="?", default="")
    parser.add_argument("--runtime", default=RUNTIME, help=f"the functions' Python ({RUNTIME})")
    arguments = parser.parse_args()
    try:
        _deploy(arguments.environment, arguments.runtime)
    except StepFailed as error:
        return fail(error)
    except (ClientError, BotoCoreError) as error:
        return fail(StepFailed("Deploying", str(error), "see that AWS can be reached, and retry."))
    return 0


def _deploy(environment: str, runtime: str) -> None:
    if environment in CLOUD:
        _deploy_to_aws(environment, runtime)
    elif environment == "local":
        _deploy_to_emulator(runtime)
    else:
        raise StepFailed(
            "Deploying",
            f"ENV is {environment!r}.",
            "say where to: make deploy ENV=staging, ENV=production or ENV=local.",
        )


def _deploy_to_aws(environment: str, runtime: str) -> None:
    given = given_settings()
    refuse_mistakes(given)
    _check_account()
    if environment == "production" and given.get("ALLOWED_ORIGINS", "*") == "*":
        raise StepFailed(
            "Deploying to production",
            "ALLOWED_ORIGINS names no web origin, so any site could call the API.",
            "set ALLOWED_ORIGINS=https://… in .env.",
        )
    target = Target.lambda_service(runtime, ARCHITECTURE)
    stack = f"learning-app-{environment}"
    parameters = {
        **target.parameters(),
        **_given_parameters(given),
        "Environment": environment,
        "MigrationsVersion": migrations_digest(),
    }
    _build_and_deploy(environment, target, stack, parameters)
    _fill_secrets(stack, given)
    _show_outputs(stack)


def _deploy_to_emulator(runtime: str) -> None:
    """The functions of such an emulator run in containers, so it gets a build for Lambda."""
    given = given_settings()
    refuse_mistakes(given)
    missing = [name for name in _NEEDED_BY_EMULATOR if name not in given]
    if missing:
        raise StepFailed(
            "Deploying to an emulator",
            f"{' and '.join(missing)} must be set.",
            "make up brings a stack of its own. To deploy to LocalStack instead, set the three"
            " addresses as its containers reach them.",
        )
    with step("migrating the database"):
        migrate(given["DATABASE_URL"])
    arm = platform.machine().lower() in ("arm64", "aarch64")
    target = Target.lambda_service(runtime, "arm64" if arm else "x86_64")
    stack = "learning-app-local"
    parameters = {
        **target.parameters(),
        **_given_parameters(given),
        "Environment": "local",
        "LocalGateway": urlsplit(given["AWS_ENDPOINT_URL"]).netloc,
        "LocalRedisUrl": given["REDIS_URL"],
    }
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    _build_and_deploy("local", target, stack, parameters, ("--resolve-s3",))
    _fill_secrets(stack, given)
    _put(stack, "database", {"url": given["DATABASE_URL"]})
    _show_outputs(stack)


def _build_and_deploy(
    environment: str,
    target: Target,
    stack: str,
    parameters: dict[str, str],
    options: tuple[str, ...] = (),
) -> None:
    with step(f"building for {target.runtime} on {target.architecture}"):
        sam.build(target, _LOGS / f"sam-build-{environment}.log")
    with sam.built(target) as template:
        sam.deploy(
            environment=environment,
            template=template,
            stack=stack,
            parameters=parameters,
            variables={},
            log=None,
            options=options,
        )


def _fill_secrets(stack: str, given: dict[str, str]) -> None:
    """What `.env` says, and for the rest what is there already, or a new secret."""
    with step("filling the secrets"):
        application, encryption = _get(stack, "application"), _get(stack, "encryption")
        present = present_encryption(application, encryption)
        key = given.get("ENCRYPTION_KEY") or present["encryption_key"]
        # The encryption key first: the old place still has it if this is cut off in between.
        for name, held, wanted in (
            ("encryption", encryption, encryption_secret(present, key)),
            (
                "application",
                application,
                {"jwt_secret": given.get("JWT_SECRET") or application["jwt_secret"]},
            ),
        ):
            if wanted != held:
                _put(stack, name, wanted)
        keys = [key.as_secret() for key in read_gemini_keys(given)]
        if keys and _get(stack, "gemini-keys").get("keys") != keys:
            _put(stack, "gemini-keys", {"keys": keys})
    if not keys and not _get(stack, "gemini-keys").get("keys"):
        print("  No GEMINI_API_KEY_1 … is set, so the stack has no Gemini key yet.")


def _check_account() -> None:
    if os.environ.get("AWS_ENDPOINT_URL"):
        raise StepFailed(
            "Deploying to AWS",
            f"AWS_ENDPOINT_URL is set to {os.environ['AWS_ENDPOINT_URL']}, which isn't AWS.",
            "unset it, or use make deploy ENV=local.",
        )
    with step("finding the AWS account"):
        try:
            account = boto3.client("sts").get_caller_identity()["Account"]
        except (ClientError, BotoCoreError) as error:
            raise StepFailed(
                "Finding the AWS account",
                str(error),
                "sign in (aws sso login, or AWS_PROFILE) and set AWS_DEFAULT_REGION.",
            ) from error
    print(f"  account {account}, region {boto3.session.Session().region_name}")


def _given_parameters(given: dict[str, str]) -> dict[str, str]:
    return {_PARAMETERS[name]: value for name, value in given.items() if name in _PARAMETERS}


def _get(stack: str, name: str) -> dict[str, Any]:
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=f"{stack}/{name}")
    return dict(json.loads(answer["SecretString"]))


def _put(stack: str, name: str, content: dict[str, Any]) -> None:
    client = boto3.client("secretsmanager")
    client.put_secret_value(SecretId=f"{stack}/{name}", SecretString=json.dumps(content))


def _show_outputs(stack: str) -> None:
    (found,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    for output in found["Outputs"]:
        if output["OutputKey"] in ("ApiUrl", "WebSocketUrl"):
            print(f"  {output['OutputKey']:<13} {output['OutputValue']}")


if __name__ == "__main__":
    sys.exit(main())
