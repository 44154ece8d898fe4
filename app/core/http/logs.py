"""Logs: JSON lines without any patient data.

A line has the operation's name, never the path, because paths contain ids. No line has a query, a
body or an exception's message, because each may repeat what a client sent.
"""

import logging
import sys
from typing import Any

import structlog
from pydantic_core import to_json

log = structlog.get_logger("needlework")


def configure() -> None:
    """Write logs as JSON lines to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _json,
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[LibraryHandler()], level=logging.WARNING, force=True)


class LibraryHandler(logging.Handler):
    """A handler that writes the log records of the libraries as JSON lines.

    Of an exception it writes only the type. It writes nothing below INFO, whatever a logger's
    level is: there, libraries log the rows that they read.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        error = record.exc_info[0] if record.exc_info else None
        named = {"error": error.__name__} if error else {}
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # levels between the standard ones
        log.log(level, record.getMessage().strip(), logger=record.name, **named)


def _json(_logger: object, _method: str, event: Any) -> bytes:
    return to_json(event)
