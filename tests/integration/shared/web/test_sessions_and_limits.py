"""Living sessions and rate limits, with and without Valkey."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from fastapi.testclient import TestClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import update

from shared.config import get_settings
from shared.database.engine import Database
from shared.database.tables.users import Session as SessionRow
from shared.database.tables.users import User
from shared.rate_limits import ValkeyCounter
from shared.sessions import CachedSessionDirectory, session_key

Headers = dict[str, str]


@pytest.fixture
def open_session(database: Database) -> Callable[[], uuid.UUID]:
    def open_one() -> uuid.UUID:
        user_id, session_id = uuid.uuid4(), uuid.uuid4()
        expires_at = datetime.now(UTC) + timedelta(days=1)
        with database.transaction() as session:
            session.add(User(id=user_id, email=f"{user_id}@x.de", name="Ada", password_hash="x"))
            session.flush()
            session.add(SessionRow(id=session_id, user_id=user_id, expires_at=expires_at))
        return session_id

    return open_one


def headers_of(session_id: uuid.UUID, user_id: uuid.UUID | None = None) -> Headers:
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": "learning-app",
        "aud": "access",
        "sub": str(user_id or uuid.uuid4()),
        "sid": str(session_id),
        "role": "learner",
        "iat": now,
        "exp": now + 60,
    }
    token = jwt.encode(claims, get_settings().resolved_jwt_secret(), "HS256")
    return {"Authorization": f"Bearer {token}"}


def no_valkey() -> Redis:
    return Redis(port=1, socket_connect_timeout=0.1, retry=Retry(NoBackoff(), 0))


def test_a_living_session_is_looked_up_once(
    database: Database, redis: Redis, open_session: Callable[[], uuid.UUID]
) -> None:
    session_id = open_session()
    directory = CachedSessionDirectory(database, redis)
    assert directory.is_alive(session_id)
    assert 0 < redis.ttl(session_key(session_id)) <= 30
    with database.transaction() as session:
        session.execute(update(SessionRow).values(revoked_at=datetime.now(UTC)))
    assert directory.is_alive(session_id)
    redis.delete(session_key(session_id))
    assert not directory.is_alive(session_id)


def test_a_revocation_in_valkey_counts_before_the_look_up(
    database: Database, redis: Redis, open_session: Callable[[], uuid.UUID]
) -> None:
    session_id = open_session()
    redis.set(session_key(session_id), "revoked")
    assert not CachedSessionDirectory(database, redis).is_alive(session_id)


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_an_ended_session_does_not_live(
    database: Database,
    redis: Redis,
    open_session: Callable[[], uuid.UUID],
    column: str,
) -> None:
    session_id = open_session()
    with database.transaction() as session:
        session.execute(update(SessionRow).values({column: datetime.now(UTC)}))
    for cache in (redis, no_valkey()):
        assert not CachedSessionDirectory(database, cache).is_alive(session_id)


def test_a_session_that_never_was_does_not_live(database: Database, redis: Redis) -> None:
    assert not CachedSessionDirectory(database, redis).is_alive(uuid.uuid4())


def test_without_valkey_the_database_is_asked(
    database: Database, open_session: Callable[[], uuid.UUID]
) -> None:
    assert CachedSessionDirectory(database, no_valkey()).is_alive(open_session())


def test_a_signed_in_caller_is_known(
    client: TestClient, open_session: Callable[[], uuid.UUID]
) -> None:
    user_id = uuid.uuid4()
    answer = client.get("/mine", headers=headers_of(open_session(), user_id))
    assert answer.json() == {"user_id": str(user_id)}


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x.y.z", "Token abc", "Bearer " + "x" * 8000],
)
def test_anything_but_a_bearer_token_is_refused(client: TestClient, authorization: str) -> None:
    answer = client.get("/mine", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_user_is_held_to_the_limit_and_others_are_not(
    client: TestClient, open_session: Callable[[], uuid.UUID]
) -> None:
    ada, grace = headers_of(open_session()), headers_of(open_session())
    assert [client.get("/mine", headers=ada).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/mine", headers=grace).status_code == 200


def test_an_address_is_held_to_the_limit(client: TestClient) -> None:
    answers = [client.get("/anyone") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["ratelimit-policy"] == '"anyone";q=3;w=60'


def test_hits_are_counted_for_all_processes_until_the_window_ends(redis: Redis) -> None:
    one, other = ValkeyCounter(redis), ValkeyCounter(redis)
    assert one.hit("rate:x:ada", 60)[0] == 1
    count, left = other.hit("rate:x:ada", 60)
    assert count == 2
    assert 1 <= left <= 60
    redis.delete("rate:x:ada")
    assert one.hit("rate:x:ada", 60)[0] == 1


def test_a_forgotten_key_counts_anew(redis: Redis) -> None:
    counter = ValkeyCounter(redis)
    for _ in range(3):
        counter.hit("rate:x:ada", 60)
    counter.forget("rate:x:ada")
    assert counter.hit("rate:x:ada", 60)[0] == 1
