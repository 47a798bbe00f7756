"""The use cases of accounts and sessions, on fakes."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from functions.auth.passwords import PasswordHasher
from functions.auth.service import AuthService, ReuseDetected, TokenPair
from functions.auth.tokens import AccessTokens
from shared.errors import Conflict, InvalidRequest, NotFound, Unauthenticated
from shared.web.authentication import read_access_token
from tests.fakes.accounts import AccountsInMemory, SessionsInMemory

SECRET = "a signing secret that only this test knows"
PASSWORD = "correct horse battery staple"


class CountingHasher(PasswordHasher):
    """Counts the passwords that it checks."""

    def __init__(self, cost: int = 4) -> None:
        super().__init__(cost)
        self.checked = 0

    def verify(self, password: str, stored: str | None) -> bool:
        self.checked += 1
        return super().verify(password, stored)


class World:
    """A service, all that it stands on, and a clock that a test can turn."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.accounts = AccountsInMemory()
        self.sessions = SessionsInMemory(self.accounts)
        self.hasher = CountingHasher()
        self.service = self.served_by(self.hasher)

    def served_by(self, hasher: PasswordHasher) -> AuthService:
        return AuthService(
            accounts=self.accounts,
            sessions=self.sessions,
            hasher=hasher,
            tokens=AccessTokens(SECRET, timedelta(minutes=15)),
            refresh_lifetime=timedelta(days=30),
            clock=lambda: self.now,
        )

    def signed_in(self) -> TokenPair:
        self.service.register("ada@example.com", PASSWORD, "Ada")
        return self.service.log_in("ada@example.com", PASSWORD, None)

    def refreshed(self, token: str) -> TokenPair:
        pair = self.service.refresh(token)
        assert isinstance(pair, TokenPair)
        return pair


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_account_is_a_learner_with_a_hashed_password(world: World) -> None:
    account = world.service.register("ada@example.com", PASSWORD, "Ada")
    assert account.role == "learner"
    assert account.password_hash.startswith("$2b$04$")
    assert PASSWORD not in account.password_hash


def test_an_email_is_registered_once(world: World) -> None:
    world.service.register("ada@example.com", PASSWORD, "Ada")
    with pytest.raises(Conflict) as refused:
        world.service.register("ada@example.com", PASSWORD, "Another")
    assert refused.value.code == "email_taken"


def test_a_bad_password_registers_nobody(world: World) -> None:
    with pytest.raises(InvalidRequest):
        world.service.register("ada@example.com", "short", "Ada")
    assert not world.accounts.accounts


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com", "no address"])
def test_every_login_checks_exactly_one_password(world: World, email: str) -> None:
    world.service.register("ada@example.com", PASSWORD, "Ada")
    with pytest.raises(Unauthenticated) as refused:
        world.service.log_in(email, "wrong", None)
    assert refused.value.code == "invalid_credentials"
    assert world.hasher.checked == 1


def test_the_access_token_names_user_session_and_role(world: World) -> None:
    pair = world.signed_in()
    caller = read_access_token(pair.access_token, SECRET)
    assert caller.user_id in world.accounts.accounts
    assert caller.session_id in world.sessions.sessions
    assert (caller.role, pair.expires_in) == ("learner", 900)


def test_a_login_renews_a_hash_of_another_cost(world: World) -> None:
    world.signed_in()
    world.served_by(PasswordHasher(5)).log_in("ada@example.com", PASSWORD, None)
    stored = next(iter(world.accounts.accounts.values())).password_hash
    assert stored.startswith("$2b$05$")
    world.served_by(PasswordHasher(5)).log_in("ada@example.com", PASSWORD, None)
    assert next(iter(world.accounts.accounts.values())).password_hash == stored


def test_each_refresh_prolongs_the_session(world: World) -> None:
    token = world.signed_in().refresh_token
    for _ in range(3):
        world.now += timedelta(days=29)
        token = world.refreshed(token).refresh_token
    world.now += timedelta(days=30)
    with pytest.raises(Unauthenticated) as refused:
        world.service.refresh(token)
    assert refused.value.code == "refresh_token_expired"


def test_a_token_used_twice_ends_the_session_with_its_reason(world: World) -> None:
    first = world.signed_in().refresh_token
    second = world.refreshed(first).refresh_token
    result = world.service.refresh(first)
    assert isinstance(result, ReuseDetected)
    assert world.sessions.sessions[result.session_id].reason == "refresh_token_reused"
    with pytest.raises(Unauthenticated) as refused:
        world.service.refresh(second)
    assert refused.value.code == "session_ended"


def test_a_session_keeps_the_first_reason_of_its_end(world: World) -> None:
    pair = world.signed_in()
    session_id = next(iter(world.sessions.sessions))
    world.refreshed(pair.refresh_token)
    world.service.log_out(session_id)
    assert isinstance(world.service.refresh(pair.refresh_token), ReuseDetected)
    assert world.sessions.sessions[session_id].reason == "signed_out"


def test_a_changed_role_is_in_the_next_access_token(world: World) -> None:
    pair = world.signed_in()
    account = next(iter(world.accounts.accounts.values()))
    world.accounts.accounts[account.id] = account.__class__(**{**account.__dict__, "role": "admin"})
    fresh = world.refreshed(pair.refresh_token)
    assert read_access_token(fresh.access_token, SECRET).role == "admin"


def test_only_my_own_sessions_can_be_ended(world: World) -> None:
    world.signed_in()
    session_id, stored = next(iter(world.sessions.sessions.items()))
    with pytest.raises(NotFound) as refused:
        world.service.end_session(session_id, uuid.uuid4())
    assert refused.value.code == "session_not_found"
    world.service.end_session(session_id, stored.user_id)
    assert stored.reason == "ended_by_owner"


def test_an_erased_account_is_not_shown(world: World) -> None:
    world.signed_in()
    user_id = next(iter(world.accounts.accounts))
    world.service.erase(user_id)
    with pytest.raises(Unauthenticated):
        world.service.account(user_id)
