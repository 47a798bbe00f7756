"""Joins the auth service to PostgreSQL, Valkey and the settings."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Request

from functions.auth.limits import SignInLimits
from functions.auth.passwords import PasswordHasher
from functions.auth.ports import Revocations
from functions.auth.revocations import ValkeyRevocations
from functions.auth.service import AuthService
from functions.auth.settings import AuthSettings, get_auth_settings
from functions.auth.store import AccountStore, SessionStore
from functions.auth.tokens import AccessTokens
from shared.cache.client import get_cache
from shared.config import get_settings
from shared.rate_limits import Counter, get_counter
from shared.web.rate_limits import client_address
from shared.web.transaction import InTransaction


def get_hasher(
    settings: Annotated[AuthSettings, Depends(get_auth_settings)],
) -> PasswordHasher:
    """The hasher, of the cost that is set."""
    return PasswordHasher(settings.password_hash_cost)


def get_access_tokens() -> AccessTokens:
    """The issuer; the secret is asked for each time, because it may be rotated."""
    settings = get_settings()
    return AccessTokens(
        settings.resolved_jwt_secret(), timedelta(seconds=settings.access_token_seconds)
    )


def get_service(
    transaction: InTransaction,
    hasher: Annotated[PasswordHasher, Depends(get_hasher)],
    tokens: Annotated[AccessTokens, Depends(get_access_tokens)],
) -> AuthService:
    """The use cases, within the request's transaction."""
    return AuthService(
        accounts=AccountStore(transaction.session),
        sessions=SessionStore(transaction.session),
        hasher=hasher,
        tokens=tokens,
        refresh_lifetime=timedelta(seconds=get_settings().refresh_token_seconds),
        clock=lambda: datetime.now(UTC),
    )


@lru_cache
def get_revocations() -> Revocations:
    """Where ended sessions are told."""
    lifetime = timedelta(seconds=get_settings().access_token_seconds)
    return ValkeyRevocations(get_cache(), lifetime)


def get_limits(
    request: Request,
    counter: Annotated[Counter, Depends(get_counter)],
    settings: Annotated[AuthSettings, Depends(get_auth_settings)],
) -> SignInLimits:
    """The limits that hold for the address of this request."""
    return SignInLimits(counter, settings, client_address(request))
