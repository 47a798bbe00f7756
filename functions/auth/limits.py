"""How often one client may register and sign in, and how often one email may be tried."""

import hashlib

from functions.auth.rules import email_to_look_up
from functions.auth.settings import AuthSettings
from shared.rate_limits import Counter, RateLimit, enforce

_MINUTE = 60


class SignInLimits:
    """The limits as they hold for one client's address."""

    def __init__(self, counter: Counter, settings: AuthSettings, address: str) -> None:
        self._counter = counter
        self._address = address
        self._register = RateLimit("register", settings.register_limit_per_address, _MINUTE)
        self._login = RateLimit("login", settings.login_limit_per_address, _MINUTE)
        self._email = RateLimit("login_email", settings.login_limit_per_email, 15 * _MINUTE)

    def registration(self) -> None:
        """Count a registration. Raises TooManyRequests."""
        enforce(self._counter, self._register, self._address)

    def attempt(self, email: str) -> None:
        """Count an attempt to sign in, before it is known to fail. Raises TooManyRequests."""
        enforce(self._counter, self._login, self._address)
        enforce(self._counter, self._email, _subject(email))

    def succeeded(self, email: str) -> None:
        """Forget the attempts that led to a sign-in, so that only failures in a row count."""
        self._counter.forget(self._email.key(_subject(email)))


def _subject(email: str) -> str:
    """The address as a hash: Valkey needs no list of who tries to sign in."""
    spelling = email_to_look_up(email) or email.strip().lower()
    return hashlib.sha256(spelling.encode()).hexdigest()[:32]
