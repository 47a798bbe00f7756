"""The database transaction of a request: opened and committed at the edge, never in the logic."""

from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from shared.database.engine import Database, get_database
from shared.observability import get_logger


class Transaction:
    """A request's transaction and what is to be done once it is committed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.afterwards: list[Callable[[], object]] = []

    def after_commit(self, action: Callable[[], object]) -> None:
        """Run `action` when the commit has succeeded; it must be safe to lose and to repeat.

        Where it fails that is logged: what the request did is done, and is answered so.
        """
        self.afterwards.append(action)


def open_transaction(
    database: Annotated[Database, Depends(get_database)],
) -> Iterator[Transaction]:
    """Commit before the answer leaves, then run what waits for the commit."""
    with database.transaction() as session:
        transaction = Transaction(session)
        yield transaction
    for action in transaction.afterwards:
        try:
            action()
        except Exception:
            get_logger().exception("an action after the commit failed")


InTransaction = Annotated[Transaction, Depends(open_transaction, scope="function")]
