"""Brings the template onto the emulator, unless exactly this is deployed already."""

import hashlib
import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.local_stack import sam
from scripts.local_stack.adaptation import adapt
from scripts.local_stack.layout import Layout
from scripts.local_stack.ministack import REGION, client_environment
from scripts.local_stack.settings import Settings
from scripts.local_stack.sources import sources_digest
from scripts.local_stack.stack_secrets import encryption_secret, present_encryption

_BUCKET_IS_THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}
_UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


class Deployment:
    """The stack on one emulator."""

    def __init__(self, layout: Layout, settings: Settings, endpoint: str) -> None:
        self._layout = layout
        self._settings = settings
        self._endpoint = endpoint
        self.stack = f"learning-app-{settings.environment}"
        self._artifacts = f"{self.stack}-artifacts"
        # Kept by the emulator beside the stack, so that neither outlives the other.
        self._fingerprint_name = f"/{self.stack}/deployed-fingerprint"

    def parameters(self, redis_url: str, gemini_url: str) -> dict[str, str]:
        """The template's parameters on this machine."""
        settings = self._settings
        parameters = {
            **sam.Target.this_machine().parameters(),
            "Environment": settings.environment,
            "LogLevel": settings.log_level,
            "AllowedOrigins": settings.allowed_origins,
            "GeminiBaseUrl": gemini_url,
            "GeminiModel": settings.gemini_model,
            "GeminiFallbackModel": settings.gemini_fallback_model,
            "GeminiQuotas": settings.gemini_quotas,
            "GeminiQuotaProbing": settings.gemini_quota_probing,
            "GeminiKeysAreSeparateProjects": settings.gemini_keys_are_separate_projects,
            "GeminiUserDailyMicroUsd": settings.gemini_user_daily_micro_usd,
            "TranscribeScans": settings.transcribe_scans,
            "LocalGateway": self._endpoint.removeprefix("http://"),
            "LocalRedisUrl": redis_url,
        }
        return {name: value for name, value in parameters.items() if value}

    def is_current(self, parameters: dict[str, str]) -> bool:
        """Whether this very code with these parameters is what is deployed."""
        try:
            known = client_of(self._endpoint, "ssm").get_parameter(Name=self._fingerprint_name)
        except ClientError:
            return False
        return bool(known["Parameter"]["Value"] == _fingerprint(parameters))

    def deploy(self, parameters: dict[str, str]) -> None:
        """Deploy what was built. Only a deployment that went well is remembered."""
        fingerprint = _fingerprint(parameters)
        self._prepare()
        with sam.built(sam.Target.this_machine()) as template:
            sam.deploy(
                environment="local",
                template=adapt(template),
                stack=self.stack,
                parameters=parameters,
                variables=client_environment(self._endpoint),
                log=self._layout.log("sam-deploy"),
                options=["--s3-bucket", self._artifacts],
            )
        self._remember(fingerprint)

    def fill_secrets(self, database_url: str) -> None:
        """Put the stack's secrets where the functions read them."""
        secrets = client_of(self._endpoint, "secretsmanager")
        held = {
            name: json.loads(
                secrets.get_secret_value(SecretId=f"{self.stack}/{name}")["SecretString"]
            )
            for name in ("application", "encryption", "database", "gemini-keys")
        }
        present = present_encryption(held["application"], held["encryption"])
        contents: dict[str, dict[str, Any]] = {
            "encryption": encryption_secret(present, self._settings.encryption_key),
            "application": {"jwt_secret": self._settings.jwt_secret},
            "database": {"url": database_url},
            "gemini-keys": {"keys": [key.as_secret() for key in self._settings.key_pool()]},
        }
        for name, wanted in contents.items():
            if held[name] != wanted:
                secrets.put_secret_value(
                    SecretId=f"{self.stack}/{name}", SecretString=json.dumps(wanted)
                )

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        formation = client_of(self._endpoint, "cloudformation")
        (stack,) = formation.describe_stacks(StackName=self.stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def _prepare(self) -> None:
        """Make the bucket of artifacts, and clear away a stack that can't be updated."""
        self._remember("being deployed")
        try:
            client_of(self._endpoint, "s3").create_bucket(Bucket=self._artifacts)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _BUCKET_IS_THERE:
                raise
        formation = client_of(self._endpoint, "cloudformation")
        try:
            (stack,) = formation.describe_stacks(StackName=self.stack)["Stacks"]
        except ClientError:
            return
        if stack["StackStatus"] not in _UPDATABLE:
            formation.delete_stack(StackName=self.stack)
            formation.get_waiter("stack_delete_complete").wait(
                StackName=self.stack, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
            )

    def _remember(self, fingerprint: str) -> None:
        client_of(self._endpoint, "ssm").put_parameter(
            Name=self._fingerprint_name, Value=fingerprint, Type="String", Overwrite=True
        )


def client_of(endpoint: str, service: str) -> Any:
    """A client of the emulator there, whatever account the developer is signed in to."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  (the emulator's name for root)
        config=Config(retries={"max_attempts": 2}, proxies={}),
    )


def _fingerprint(parameters: dict[str, str]) -> str:
    """Changes when the code does, or a parameter."""
    content = json.dumps([sources_digest(), parameters], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
