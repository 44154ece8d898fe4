"""Logs: lines of JSON that say nothing about a patient.

A line holds the operation's name, never the path: a path holds ids. No line holds a query, a
body or the message of an exception, for each may repeat what a client sent.
"""

import logging
import sys
from typing import Any

import structlog
from pydantic_core import to_json

log = structlog.get_logger("needlework")


def configure() -> None:
    """Write logs as JSON lines to the standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _json,
        ],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[Others()], level=logging.WARNING, force=True)


class Others(logging.Handler):
    """What the server and the libraries log, as lines of ours; of an exception only its type.

    Nothing below INFO, whatever a logger is set to: there libraries write the rows that they read.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        error = record.exc_info[0] if record.exc_info else None
        named = {"error": error.__name__} if error else {}
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # there may be others between
        log.log(level, record.getMessage().strip(), logger=record.name, **named)


def _json(_logger: object, _method: str, event: Any) -> bytes:
    return to_json(event)
