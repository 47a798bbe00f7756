"""What the language model may cost a user a day, asked before work is accepted.

The key pool refuses each call past the budget; this spares the user a job that could do nothing.
"""

import uuid
from datetime import UTC, datetime
from math import ceil

from sqlalchemy.orm import Session

from shared.ai.ledger import next_budget_day, spent_today
from shared.config import get_settings
from shared.errors import TooManyRequests

_DAY_SECONDS = 24 * 3600


def require_budget(session: Session, user_id: uuid.UUID) -> None:
    """Raises TooManyRequests `budget_exceeded`, with the seconds until it starts anew."""
    budget = get_settings().gemini_user_daily_micro_usd
    if budget is None or spent_today(session, user_id) < budget:
        return
    now = datetime.now(UTC)
    until = next_budget_day(now)
    raise TooManyRequests(
        f"Your budget for the language model is spent until {until:%Y-%m-%dT%H:%M:%SZ}.",
        code="budget_exceeded",
        retry_after=ceil((until - now).total_seconds()),
        limit=budget,
        window=_DAY_SECONDS,
        policy="daily-budget-micro-usd",
    )
