"""The connection pool of one Lambda environment, and transactions on it.

An environment serves one event at a time, so the pool is small; RDS Proxy pools between
environments. Connections are checked before use, because a frozen environment's may be dead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from shared.config import get_settings

_SESSION = (
    "-c timezone=UTC -c statement_timeout=20000 -c lock_timeout=10000"
    " -c idle_in_transaction_session_timeout=30000"
)


def build_engine(url: str, pool_size: int, *, through_proxy: bool = False) -> Engine:
    """An engine with at most `pool_size` idle and four further connections.

    RDS Proxy refuses settings at connection time; it sets the same ones itself.
    """
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=600,
        # A logged statement must not carry what users wrote.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            # RDS Proxy pins a session that uses named prepared statements.
            "prepare_threshold": None,
            **({} if through_proxy else {"options": _SESSION}),
        },
    )


@lru_cache
def get_engine() -> Engine:
    """The engine of this process."""
    settings = get_settings()
    return build_engine(
        settings.resolved_database_url(),
        settings.database_pool_size,
        through_proxy=settings.database_host is not None,
    )


class Database:
    """Transactions: `with database.transaction() as session:` commits or rolls back."""

    def __init__(self, engine: Engine) -> None:
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work is committed at the end of the block."""
        with self._sessions.begin() as session:
            yield session


@lru_cache
def get_database() -> Database:
    """Transactions on this process's engine."""
    return Database(get_engine())
