"""What a job was for shares its bad end: no question set or submission waits for ever."""

import uuid
from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from shared.database.tables.evaluation import Submission
from shared.database.tables.questions import QuestionSet


def fail_what_waits_for(session: Session, job_id: uuid.UUID) -> None:
    """Mark the job's question set or submissions as failed, if it is still unfinished."""
    session.execute(
        update(QuestionSet)
        .where(QuestionSet.job_id == job_id, QuestionSet.status == "generating")
        .values(status="failed")
    )
    session.execute(
        update(Submission)
        .where(Submission.job_id == job_id, Submission.status == "grading")
        .values(status="failed", completed_at=datetime.now(UTC))
    )
