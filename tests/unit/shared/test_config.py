"""Secrets of the settings: each from where it is kept, and from nowhere else."""

from typing import Any

import pytest

from shared.config import ConfigurationError, Settings

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
