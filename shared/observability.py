"""Logs by Powertools, with secrets taken out of every record."""

import logging
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger

from shared.redaction import redact


class _Redacted(logging.Formatter):
    """Runs another formatter and hides secrets in what it wrote."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self.inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redact(self.inner.format(record))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@lru_cache
def get_logger() -> Logger:
    """The logger of this function; one JSON object a line, secrets hidden.

    What libraries log goes through the root's handlers, so secrets are hidden there too.
    """
    logger = Logger()
    for handler in (logger.registered_handler, *logging.getLogger().handlers, logging.lastResort):
        if handler is not None and not isinstance(handler.formatter, _Redacted):
            handler.setFormatter(_Redacted(handler.formatter or logging.Formatter()))
    return logger
