"""Logs and counts: one line and one observation per request, and nothing about a patient.

A line holds the operation's name, never the path: a path holds ids. No line holds a query, a
body or the message of an exception, for each may repeat what a client sent.
"""

import logging
import sys
import time
from typing import Any

import structlog
from prometheus_client import Histogram
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.requests import request_id

REQUESTS = Histogram(
    "needlework_request_seconds", "Time from a request to its answer.", ["operation", "status"]
)
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


class Watch:
    """ASGI middleware: times each request, counts it, and writes its line."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - began
            operation = getattr(scope.get("route"), "name", "-")
            REQUESTS.labels(operation, status).observe(seconds)
            log.info(
                "request",
                operation=operation,
                status=status,
                ms=round(seconds * 1000, 2),
                request_id=request_id(),
            )
