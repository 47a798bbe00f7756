"""The settings of the whole system: one typed object, read once from the environment."""

import json
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, with_config
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from typing_extensions import TypedDict


class ConfigurationError(RuntimeError):
    """A setting that is needed here is missing or unusable."""


@with_config(ConfigDict(extra="forbid"))
class QuotaOverride(TypedDict, total=False):
    """Requests and input tokens a minute, requests a day; what is left out stays the default."""

    rpm: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    tpm: Annotated[int, Field(ge=1)]
    rpd: Annotated[int, Field(ge=1)]


def _from_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('is not JSON such as {"gemini-2.5-flash": {"rpm": 1000}}') from None


class DocumentLimits(BaseSettings):
    """What a PDF may be at most."""

    model_config = SettingsConfigDict(env_prefix="DOCUMENT_MAX_", env_ignore_empty=True)

    bytes: int = 50 * 1024 * 1024
    pages: int = 500
    characters: int = 2_000_000


class Settings(BaseSettings):
    """Every setting. Fields are the environment variables' names in lower case.

    An empty variable is not set.
    """

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    environment: Literal["local", "test", "staging", "production"] = "local"
    log_level: str = "INFO"

    database_url: SecretStr | None = None
    database_secret_arn: str | None = None
    database_host: str | None = None
    database_port: int = 5432
    database_name: str = "learning_app"
    database_pool_size: int = 2

    redis_url: str = "redis://127.0.0.1:6379/0"

    application_secret_arn: str | None = None
    jwt_secret: SecretStr | None = None
    encryption_secret_arn: str | None = None
    encryption_key: SecretStr | None = None
    access_token_seconds: int = 15 * 60
    refresh_token_seconds: int = 30 * 24 * 3600

    gemini_secret_arn: str | None = None
    gemini_base_url: str | None = None
    gemini_model: str = "gemini-2.5-flash"
    gemini_fallback_model: str | None = None

    documents_bucket: str = "documents"
    # Half of the day after which a deleted document's file is looked for a last time.
    upload_url_seconds: int = Field(default=15 * 60, ge=1, le=12 * 3600)
    generation_queue_url: str = ""
    grading_queue_url: str = ""
    chat_queue_url: str = ""
    transcription_queue_url: str = ""
    generation_state_machine_arn: str = ""
    evaluation_state_machine_arn: str = ""
    websocket_url: str = ""
    websocket_management_endpoint: str = ""
    api_url: str = ""
    allowed_origins: str = "*"

    transcribe_scans: bool = True
    transcription_pages_per_request: int = Field(default=4, ge=1, le=20)
    transcription_requests_at_once: int = Field(default=6, ge=1, le=16)
    # A request's whole body is at most 20 MB at Google, and Base64 adds a third.
    transcription_request_bytes: int = Field(default=10_000_000, ge=100_000, le=14_000_000)
    transcription_deadline_seconds: int = 15 * 60

    questions_per_chunk: int = Field(default=5, ge=1, le=10)
    chunks_per_message: int = Field(default=30, ge=1, le=60)
    verify_questions: bool = True
    question_count_maximum: int = 300
    grading_batch_size: int = Field(default=8, ge=5, le=10)
    generation_deadline_seconds: int = 15 * 60
    evaluation_deadline_seconds: int = 15 * 60
    # The state machine's own limit is three hours.
    evaluation_longest_deadline_seconds: int = Field(default=170 * 60, lt=180 * 60)

    gemini_keys_are_separate_projects: bool = False
    gemini_quotas: Annotated[
        dict[str, QuotaOverride], NoDecode, BeforeValidator(_from_json), Field(default_factory=dict)
    ]
    gemini_quota_probing: bool = True
    gemini_chat_wait_seconds: float = 5.0
    gemini_worker_wait_seconds: float = 2.0
    gemini_call_timeout_seconds: float = 60.0
    gemini_hedge_share: float = Field(default=0.05, ge=0, le=0.5)
    gemini_local_share: float = Field(default=0.1, gt=0, le=1)
    gemini_user_daily_micro_usd: int | None = None
    gemini_thinking_budget: int | None = None
    previous_encryption_key: SecretStr | None = None

    def document_limits(self) -> DocumentLimits:
        """The limits of a PDF, from DOCUMENT_MAX_BYTES, _PAGES and _CHARACTERS."""
        return DocumentLimits()

    def resolved_database_url(self) -> str:
        """DATABASE_URL itself, or the address made from the database secret.

        Raises ConfigurationError where neither is given.
        """
        if self.database_url is not None:
            return _with_driver(self.database_url.get_secret_value())
        secret = _secret(self.database_secret_arn, "DATABASE_URL or DATABASE_SECRET_ARN")
        if "url" in secret:
            return _with_driver(str(secret["url"]))
        host = self.database_host or secret.get("host")
        name, password = quote(secret["username"], safe=""), quote(secret["password"], safe="")
        return (
            f"postgresql+psycopg://{name}:{password}@{host}:{self.database_port}"
            f"/{self.database_name}"
        )

    def resolved_jwt_secret(self) -> str:
        """The key that signs access tokens. Raises ConfigurationError if it is missing or weak."""
        given = self.jwt_secret
        value = given.get_secret_value() if given is not None else self._kept_jwt_secret()
        if len(value) < 32:
            raise ConfigurationError("JWT_SECRET needs at least 32 characters")
        return value

    def encryption_keys(self, *, fresh: bool = False) -> list[str]:
        """The passphrase that seals stored Gemini keys, then the one before it, if there is one.

        `fresh` asks Secrets Manager itself. Raises ConfigurationError if there is none.
        """
        if self.encryption_key is not None:
            previous = self.previous_encryption_key
            known = [self.encryption_key.get_secret_value()]
            return known + ([previous.get_secret_value()] if previous is not None else [])
        wanted = "ENCRYPTION_KEY or ENCRYPTION_SECRET_ARN"
        secret = _secret(self.encryption_secret_arn, wanted, fresh=fresh)
        names = ("encryption_key", "previous_encryption_key")
        if not secret.get(names[0]):
            raise ConfigurationError("the encryption secret has no encryption_key")
        return [str(secret[name]) for name in names if secret.get(name)]

    def _kept_jwt_secret(self) -> str:
        secret = _secret(self.application_secret_arn, "JWT_SECRET or APPLICATION_SECRET_ARN")
        if not secret.get("jwt_secret"):
            raise ConfigurationError("the application secret has no jwt_secret")
        return str(secret["jwt_secret"])


def _with_driver(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def _secret(arn: str | None, wanted: str, *, fresh: bool = False) -> dict[str, Any]:
    if not arn:
        raise ConfigurationError(f"set {wanted}")
    return read_secret(arn, fresh=fresh)


def read_secret(arn: str, *, fresh: bool = False) -> dict[str, Any]:
    """The JSON object that Secrets Manager holds under `arn`, unless `fresh` of five minutes ago
    at most. Raises ConfigurationError.
    """
    from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415  (200 ms of import)
    from aws_lambda_powertools.utilities.parameters import exceptions  # noqa: PLC0415

    try:
        value = parameters.get_secret(arn, transform="json", max_age=300, force_fetch=fresh)
    except exceptions.GetParameterError as error:
        raise ConfigurationError(f"the secret {arn} can't be read") from error
    except exceptions.TransformParameterError:
        # Its words may hold what the secret does.
        raise ConfigurationError(f"the secret {arn} holds no JSON") from None
    if not isinstance(value, dict):
        raise ConfigurationError("a secret must hold a JSON object")
    return value


def read_settings(**given: Any) -> Settings:
    """The settings of the environment, with those that are `given` in their place.

    Raises ConfigurationError, which names every setting that is wrong and repeats no value.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        told = [_mistake(one["loc"], one["type"], one["msg"]) for one in error.errors()]
        raise ConfigurationError("; ".join(told)) from None


def _mistake(place: tuple[int | str, ...], kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        message = "there is no such name"
    inside = "".join(f", {part}" for part in place[1:])
    return f"{str(place[0]).upper()}{inside}: {message.removeprefix('Value error, ')}"


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once. Raises ConfigurationError."""
    return read_settings()
