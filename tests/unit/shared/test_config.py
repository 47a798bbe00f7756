"""Secrets of the settings: each from where it is kept, and from nowhere else."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.parameters.exceptions import (
    GetParameterError,
    TransformParameterError,
)

from shared.config import ConfigurationError, Settings, read_secret, read_settings

JWT = "a signing secret of more than thirty-two characters"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What Secrets Manager holds, by ARN."""
    for name in ("JWT_SECRET", "ENCRYPTION_KEY"):
        monkeypatch.delenv(name, raising=False)
    secrets: dict[str, dict[str, Any]] = {
        "arn:application": {"jwt_secret": JWT, "encryption_key": "left from before"},
        "arn:encryption": {"encryption_key": "new", "previous_encryption_key": "old"},
    }
    monkeypatch.setattr("shared.config.read_secret", lambda arn, *, fresh=False: secrets[arn])
    return secrets


@pytest.mark.usefixtures("kept")
def test_tokens_are_signed_with_the_application_secret_and_keys_sealed_with_another() -> None:
    settings = Settings(
        application_secret_arn="arn:application", encryption_secret_arn="arn:encryption"
    )
    assert settings.resolved_jwt_secret() == JWT
    assert settings.encryption_keys() == ["new", "old"]


@pytest.mark.usefixtures("kept")
def test_who_has_one_secret_has_not_the_other() -> None:
    with pytest.raises(ConfigurationError, match="ENCRYPTION_SECRET_ARN"):
        Settings(application_secret_arn="arn:application").encryption_keys()
    with pytest.raises(ConfigurationError, match="APPLICATION_SECRET_ARN"):
        Settings(encryption_secret_arn="arn:encryption").resolved_jwt_secret()


def test_an_empty_secret_is_said_to_be_empty(kept: dict[str, dict[str, Any]]) -> None:
    kept["arn:application"], kept["arn:encryption"] = {}, {}
    settings = Settings(
        application_secret_arn="arn:application", encryption_secret_arn="arn:encryption"
    )
    with pytest.raises(ConfigurationError, match="jwt_secret"):
        settings.resolved_jwt_secret()
    with pytest.raises(ConfigurationError, match="encryption_key"):
        settings.encryption_keys()


@pytest.mark.usefixtures("kept")
def test_a_given_key_counts_more_and_keeps_the_one_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", "given")
    monkeypatch.setenv("PREVIOUS_ENCRYPTION_KEY", "given before")
    settings = Settings(encryption_secret_arn="arn:encryption")
    assert settings.encryption_keys() == ["given", "given before"]


def test_an_empty_value_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_QUOTAS", "GEMINI_MODEL", "GEMINI_USER_DAILY_MICRO_USD", "GEMINI_BASE_URL"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("GEMINI_QUOTA_PROBING", "")
    settings = read_settings()
    assert settings.gemini_quotas == {}
    assert settings.gemini_model == Settings.model_fields["gemini_model"].default
    assert (settings.gemini_base_url, settings.gemini_user_daily_micro_usd) == (None, None)
    assert settings.gemini_quota_probing is True


def test_quotas_are_read_from_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_QUOTAS", '{"m": {"rpm": 7.5, "tpm": 1e6}, "p/m": {"rpd": 100}}')
    quotas = read_settings().gemini_quotas
    assert quotas == {"m": {"rpm": 7.5, "tpm": 1_000_000}, "p/m": {"rpd": 100}}
    assert isinstance(quotas["m"]["tpm"], int)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{gemini}", "GEMINI_QUOTAS: is not JSON such as"),
        ("[]", "GEMINI_QUOTAS: "),
        ('{"m": 10}', "GEMINI_QUOTAS, m: "),
        ('{"m": {"rpn": 10}}', "GEMINI_QUOTAS, m, rpn: there is no such name"),
        ('{"m": {"rpm": -5}}', "GEMINI_QUOTAS, m, rpm: Input should be greater than 0"),
        ('{"m": {"rpm": 0}}', "GEMINI_QUOTAS, m, rpm: Input should be greater than 0"),
        ('{"m": {"rpm": Infinity}}', "GEMINI_QUOTAS, m, rpm: Input should be a finite number"),
        ('{"m": {"tpm": 0.5}}', "GEMINI_QUOTAS, m, tpm: "),
        ('{"m": {"rpd": null}}', "GEMINI_QUOTAS, m, rpd: "),
        ('{"m": {"rpd": "many"}}', "GEMINI_QUOTAS, m, rpd: "),
    ],
)
def test_a_mistake_in_the_quotas_is_told_by_its_place(
    monkeypatch: pytest.MonkeyPatch, written: str, told: str
) -> None:
    monkeypatch.setenv("GEMINI_QUOTAS", written)
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert told in str(refused.value)


def test_every_wrong_setting_is_told_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_USER_DAILY_MICRO_USD", "much")
    monkeypatch.setenv("GEMINI_LOCAL_SHARE", "2")
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert "GEMINI_USER_DAILY_MICRO_USD: " in str(refused.value)
    assert "GEMINI_LOCAL_SHARE: " in str(refused.value)
    assert "much" not in str(refused.value)


@pytest.mark.parametrize("error", [GetParameterError, TransformParameterError])
def test_a_secret_that_can_not_be_read_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error("access denied, or no JSON: {what it holds")

    monkeypatch.setattr("aws_lambda_powertools.utilities.parameters.get_secret", fail)
    with pytest.raises(ConfigurationError) as told:
        read_secret("arn:of-the-secret")
    assert "arn:of-the-secret" in str(told.value)
    assert "what it holds" not in str(told.value)
