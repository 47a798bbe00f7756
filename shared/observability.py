"""Logs, metrics and traces by Powertools, with secrets taken out of every log record."""

import logging
import re
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

_SECRETS = (
    (re.compile(r"AIza[0-9A-Za-z_\-]{10,}"), "[gemini key]"),
    (re.compile(r"AQ\.[0-9A-Za-z_\-]{10,}"), "[gemini key]"),
    (re.compile(r"eyJ[0-9A-Za-z_\-]{8,}\.[0-9A-Za-z_\-]+\.[0-9A-Za-z_\-]+"), "[token]"),
    (
        re.compile(r"((?:postgres(?:ql)?(?:\+psycopg)?|rediss?)://[^:/\s]*):[^@\s]+@"),
        r"\1:[password]@",
    ),
    # Quotation marks have a backslash before them where one JSON text stands in another.
    (
        re.compile(
            r"(?i)(x-goog-api-key|authorization|[?&]key|ticket|refresh_token|password)"
            r"(\\*['\"]?\s*[:=]\s*)(?:(\\*['\"])[^'\"\\]+|(?:bearer |basic )?[^\s'\"&,}\\]+)"
        ),
        r"\1\2\3[hidden]",
    ),
)


def redact(text: str) -> str:
    """`text` without API keys, tokens, tickets and passwords."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


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
    """The logger of this function; one JSON object a line, secrets hidden."""
    logger = Logger()
    handler = logger.registered_handler
    if handler.formatter is not None:
        handler.setFormatter(_Redacted(handler.formatter))
    return logger


@lru_cache
def get_metrics() -> Metrics:
    """The metrics of this function, written as CloudWatch's embedded metric format."""
    return Metrics()


@lru_cache
def get_tracer() -> Tracer:
    """The tracer of this function; it does nothing where X-Ray isn't."""
    return Tracer()
