"""What operators may set for sign-in: the cost of a password hash, and the rate limits."""

from functools import lru_cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AuthSettings(BaseSettings):
    """Fields are the environment variables' names in lower case; limits count requests."""

    model_config = SettingsConfigDict(extra="ignore")

    password_hash_cost: int = Field(default=12, ge=4, le=16)
    register_limit_per_address: int = Field(default=120, ge=1)
    login_limit_per_address: int = Field(default=120, ge=1)
    login_limit_per_email: int = Field(default=10, ge=1)


@lru_cache
def get_auth_settings() -> AuthSettings:
    """The settings of this process, read once."""
    return AuthSettings()
