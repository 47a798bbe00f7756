"""What PostgreSQL knows of the system's performance."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


class PerformanceStore:
    """Asks the database, within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def metrics(self) -> dict[str, Any]:
        """What `get_performance_metrics()` says; migration 0002 defines it."""
        found = self._session.execute(text("SELECT get_performance_metrics()")).scalar_one()
        return dict(found)
