"""The use cases of accounts and sessions. The caller's transaction holds whatever they change."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.auth.passwords import PasswordHasher
from functions.auth.ports import Account, Accounts, Erased, Sessions
from functions.auth.rules import check_password, email_to_look_up
from functions.auth.tokens import AccessTokens, new_refresh_token, refresh_token_hash
from shared.errors import NotFound, Unauthenticated
from shared.identifiers import new_id

REUSED = "refresh_token_reused"
SIGNED_OUT = "signed_out"
ENDED_BY_OWNER = "ended_by_owner"

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class TokenPair:
    """What a client signs in with from now on."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True)
class ReuseDetected:
    """A refresh token came a second time, so its session has been ended."""

    session_id: uuid.UUID


class AuthService:
    """Registers, signs in and out, rotates tokens, erases."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        sessions: Sessions,
        hasher: PasswordHasher,
        tokens: AccessTokens,
        refresh_lifetime: timedelta,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._hasher = hasher
        self._tokens = tokens
        self._refresh_lifetime = refresh_lifetime
        self._clock = clock

    def register(self, email: str, password: str, name: str) -> Account:
        """A new learner; `email` is normalised. Raises InvalidRequest, Conflict `email_taken`."""
        check_password(password, email)
        return self._accounts.add(new_id(), email, name, self._hasher.hash(password))

    def log_in(self, email: str, password: str, user_agent: str | None) -> TokenPair:
        """Open a session. Raises Unauthenticated `invalid_credentials`.

        An unknown address costs a hash too: the time of the answer must not tell who is registered.
        """
        known = email_to_look_up(email)
        account = self._accounts.by_email(known) if known else None
        matches = self._hasher.verify(password, account.password_hash if account else None)
        if account is None or not matches:
            raise Unauthenticated(
                "The email address or the password is wrong.", code="invalid_credentials"
            )
        if self._hasher.is_outdated(account.password_hash):
            self._accounts.set_password_hash(account.id, self._hasher.hash(password))
        return self._open_session(account, user_agent)

    def _open_session(self, account: Account, user_agent: str | None) -> TokenPair:
        now = self._clock()
        session_id, refresh_token = new_id(), new_refresh_token()
        self._sessions.remove_expired(account.id, now)
        self._sessions.open(
            session_id,
            account.id,
            refresh_token_hash(refresh_token),
            now + self._refresh_lifetime,
            user_agent,
        )
        return self._pair(account.id, session_id, account.role, refresh_token, now)

    def refresh(self, refresh_token: str) -> TokenPair | ReuseDetected:
        """Trade a refresh token for a new pair. Raises Unauthenticated.

        A token that was used before may have been stolen, and so may the tokens that followed it:
        the session ends, and the caller must commit that although its answer is an error. The
        session's lock makes one of two racing calls the second.
        """
        token_hash, now = refresh_token_hash(refresh_token), self._clock()
        session = self._sessions.lock_by_token(token_hash)
        if session is None:
            raise Unauthenticated("The refresh token is not valid.", code="refresh_token_invalid")
        if not self._sessions.spend_token(token_hash, now):
            self._sessions.revoke(session.id, now, REUSED)
            return ReuseDetected(session.id)
        if session.revoked_at is not None:
            raise Unauthenticated(
                "This session has ended. Please sign in again.", code="session_ended"
            )
        if session.expires_at <= now:
            raise Unauthenticated(
                "The refresh token has expired. Please sign in again.", code="refresh_token_expired"
            )
        following = new_refresh_token()
        self._sessions.rotate(
            session.id, refresh_token_hash(following), now, now + self._refresh_lifetime
        )
        return self._pair(session.user_id, session.id, session.role, following, now)

    def _pair(
        self,
        user_id: uuid.UUID,
        session_id: uuid.UUID,
        role: str,
        refresh_token: str,
        now: datetime,
    ) -> TokenPair:
        access_token = self._tokens.issue(user_id, session_id, role, now)
        return TokenPair(access_token, refresh_token, int(self._tokens.lifetime.total_seconds()))

    def log_out(self, session_id: uuid.UUID) -> None:
        """End the session that the call came with."""
        self._sessions.revoke(session_id, self._clock(), SIGNED_OUT)

    def end_session(self, session_id: uuid.UUID, user_id: uuid.UUID) -> None:
        """End any of one's own sessions. Raises NotFound `session_not_found`."""
        if not self._sessions.is_of_user(session_id, user_id):
            raise NotFound("You have no such session.", code="session_not_found")
        self._sessions.revoke(session_id, self._clock(), ENDED_BY_OWNER)

    def account(self, user_id: uuid.UUID) -> Account:
        """The caller's own account. Raises Unauthenticated where it has just been erased."""
        account = self._accounts.by_id(user_id)
        if account is None:
            raise Unauthenticated("This account no longer exists.", code="session_ended")
        return account

    def erase(self, user_id: uuid.UUID) -> Erased:
        """Delete the account and all that is its own; says what is left outside the database."""
        return self._accounts.erase(user_id)
