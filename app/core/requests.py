"""What every request brings: an id, for its answer, the logs and the ledger, and perhaps a body."""

import re
from collections.abc import AsyncIterator
from typing import Final

from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import FastAPI, Request

from app.core.clock import uuid7
from app.core.problems import TooLarge

BODY_MAX_BYTES: Final = 1024 * 1024
ADDED: Final = "needlework.added"
"""Where in its ASGI scope a request keeps the headers that its answer gets, whatever that is."""
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


async def chunks(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes; `TooLarge` as soon as more than the limit has come."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise TooLarge
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge
        yield chunk


async def whole_body(request: Request) -> bytes:
    """The whole body of an ordinary request."""
    return b"".join([chunk async for chunk in chunks(request, BODY_MAX_BYTES)])
