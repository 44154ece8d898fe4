"""The id that a request carries through its answer, the logs and the ledger."""

import re

from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import FastAPI

from app.core.clock import uuid7

_REQUEST_ID = re.compile(r"[!-~]{1,128}", re.ASCII)


def install(app: FastAPI) -> None:
    """Take the client's `X-Request-Id`, or make one, and send it back."""
    app.add_middleware(
        CorrelationIdMiddleware,
        header_name="X-Request-Id",
        generator=lambda: str(uuid7()),
        validator=lambda value: _REQUEST_ID.fullmatch(value) is not None,
        transformer=lambda value: value,
    )


def request_id() -> str:
    """The id of the request at hand."""
    return correlation_id.get() or str(uuid7())
