"""The Lambda entry of the sweep over requests for regrading, once a minute."""

from typing import Any

from functions.evaluation.wiring import build_regrade_sweep
from shared.observability import get_logger


def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """Sweep once; the answer says how many questions were handled."""
    handled = build_regrade_sweep().run()
    get_logger().info("sweep", extra={"regraded_questions": handled})
    return {"regraded_questions": handled}
