"""The admin service over HTTP, with callers of any role."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from fastapi.testclient import TestClient
from redis import Redis

from functions.admin.api import app
from shared.config import get_settings
from shared.database.engine import Database, get_database
from shared.database.tables.users import Session as SessionRow
from shared.database.tables.users import User
from shared.sessions import CachedSessionDirectory, get_session_directory

Headers = dict[str, str]


@pytest.fixture
def client(database: Database, redis: Redis) -> Iterator[TestClient]:
    app.dependency_overrides = {
        get_database: lambda: database,
        get_session_directory: lambda: CachedSessionDirectory(database, redis),
    }
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened
    app.dependency_overrides = {}


@pytest.fixture
def signed_in(database: Database) -> Callable[[str], Headers]:
    def sign_in(role: str, name: str = "") -> Headers:
        now = datetime.now(UTC)
        user_id, session_id = uuid.uuid4(), uuid.uuid4()
        with database.transaction() as session:
            session.add(
                User(
                    id=user_id,
                    email=f"{name or role}@example.com",
                    name=role,
                    password_hash="x",
                    role=role,
                )
            )
            session.flush()
            expires_at = now + timedelta(days=1)
            session.add(SessionRow(id=session_id, user_id=user_id, expires_at=expires_at))
        claims = {
            "iss": "learning-app",
            "aud": "access",
            "sub": str(user_id),
            "sid": str(session_id),
            "role": role,
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp()) + 60,
        }
        token = jwt.encode(claims, get_settings().resolved_jwt_secret(), algorithm="HS256")
        return {"Authorization": f"Bearer {token}"}

    return sign_in
