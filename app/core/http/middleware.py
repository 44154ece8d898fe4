"""The middleware around every request, and the handlers that turn exceptions into problems.

A request passes these layers, from the outside in:

1. `Connection`, the HTTP protocol of the server: bounds what a client holds (`serve` only).
2. Starlette's `ServerErrorMiddleware`, and FastAPI's telemetry (off) and body limit (unset).
3. `Middleware`, ours: request id, HEAD, headers of the answer, one log line, one metric. It waits
   for the whole of a small body.
4. `KnownHosts`, if the settings name a public address: refuses requests for other hosts.
5. `Cors`, if the settings name origins: answers preflights, and adds the headers of CORS.
6. Starlette's `GZipMiddleware`: compresses answers of `COMPRESS_FROM_BYTES` or more.
7. Starlette's `ExceptionMiddleware`, which calls the handlers below.
8. FastAPI's exit stack, its router, and the `Route`.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import Histogram
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http.causes import log_cause
from app.core.http.cors import Cors
from app.core.http.health import shutting_down
from app.core.http.hosts import KnownHosts
from app.core.http.logs import log
from app.core.http.requests import EXTRA_HEADERS, REQUEST_ID, THREAD_FROM_BYTES, request_id
from app.core.http.small_bodies import with_small_body
from app.core.values.clock import uuid7
from app.core.values.problems import (
    Invalid,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    UnsupportedMedia,
)
from app.core.values.wire import faults_in
from app.settings import settings

REQUESTS: Final = Histogram(
    "needlework_request_seconds", "Time from a request to its answer.", ["operation", "status"]
)
_VALID_ID: Final = re.compile(r"[!-~]{1,128}", re.ASCII)
_BY_STATUS: Final[dict[int, type[Problem]]] = {
    problem.status: problem for problem in (MalformedRequest, NotFound, TooLarge, UnsupportedMedia)
}
# Answers are data: no browser may display, frame, sniff or share them.
ALWAYS: Final = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}
COMPRESS_FROM_BYTES: Final = 1000
COMPRESS_LEVEL: Final = 5
"""From here on, a level costs more time than the bytes that it saves."""
NOT_COMPRESSED: Final = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    "application/pdf",  # its `Content-Digest` is that of the file
    "application/vnd.apache.parquet",
)
"""Media types that are compressed already, or must not be.

Pages are compressed, too. The size of an answer could only tell another site something if that site
could open a page with somebody's cookie, and put words into it. Cookies are strict, and no page
repeats what its address says.
"""
HTTPS_ONLY: Final = (b"strict-transport-security", b"max-age=63072000")
CLOSE: Final = (b"connection", b"close")

ProblemPage = Callable[[Request, Problem], Awaitable[Response]]
"""Render a problem as an HTML page."""


def install(app: FastAPI, pages: Mapping[str, ProblemPage] | None = None) -> None:
    """Add the middleware and the handlers.

    `pages` holds the paths below which problems are answered as HTML pages.
    """
    app.state.pages = pages or {}
    # The last one added is the outermost.
    app.add_middleware(
        GZipMiddleware,
        minimum_size=COMPRESS_FROM_BYTES,
        compresslevel=COMPRESS_LEVEL,
        thread_minimum_size=THREAD_FROM_BYTES,
        exclude_content_types=NOT_COMPRESSED,
    )
    origins = settings().cors_origins
    if origins:
        app.add_middleware(Cors, origins=origins, pages=tuple(app.state.pages))
    public_url = settings().public_url
    if public_url:
        app.add_middleware(KnownHosts, public_url=public_url)
    app.add_middleware(Middleware)
    handlers: dict[type[Exception], Callable[..., Awaitable[Response]]] = {
        Problem: _problem,
        HTTPException: _http,
        RequestValidationError: _validation,
        ClientDisconnect: _disconnect,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


class Middleware:
    """Give every request an id, a log line and a metric, and its answer the common headers.

    A HEAD is answered like a GET, without the body (RFC 9110 §9.3.2). When the process is about
    to stop, each answer closes its connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        client_id = Headers(scope=scope).get("x-request-id", "")
        id_ = client_id if _VALID_ID.fullmatch(client_id) else str(uuid7())
        REQUEST_ID.set(id_)
        is_head = scope["method"] == "HEAD"
        scope = {
            **scope,
            "method": "GET" if is_head else scope["method"],
            # Starlette's patterns end in `$`, which allows a line end: no route holds a NUL.
            "path": scope["path"].replace("\n", "\0"),
            EXTRA_HEADERS: {},
        }

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, scope, id_)
            elif is_head and "body" in message:
                message = {**message, "body": b""}
            await send(message)

        try:
            given = await with_small_body(scope, receive)
            if given is None:
                status = int(MalformedRequest.status)
                return
            await self.app(scope, given, send_with_headers)
        except Exception:
            status = status or int(Problem.status)  # Starlette answers it outside this layer
            raise
        finally:
            _log_request(scope, status, time.perf_counter() - began)


def _add_headers(message: Message, scope: Scope, id_: str) -> None:
    """Add the headers that an answer doesn't have yet."""
    added = {name.lower().encode(): value.encode() for name, value in scope[EXTRA_HEADERS].items()}
    present = {name for name, _ in message["headers"]}
    more = [header for header in (ALWAYS | added).items() if header[0] not in present]
    more.append((b"x-request-id", id_.encode()))
    if scope["scheme"] == "https":
        more.append(HTTPS_ONLY)
    if shutting_down.is_set():
        more.append(CLOSE)
    message["headers"] = [*message["headers"], *more]


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    """Write the request's log line and update the metric."""
    operation = getattr(scope.get("route"), "name", "-")
    REQUESTS.labels(operation, status).observe(seconds)
    log.info(
        "request",
        operation=operation,
        status=status,
        ms=round(seconds * 1000, 2),
        request_id=request_id(),
    )


async def _respond(request: Request, problem: Problem) -> Response:
    for path, show in request.app.state.pages.items():
        if request.url.path == path or request.url.path.startswith(f"{path}/"):
            return cast("Response", await show(request, problem))
    return problem.response(request_id())


async def _problem(request: Request, problem: Problem) -> Response:
    log_cause(request, problem)
    return await _respond(request, problem)


async def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == MethodNotAllowed.status:
        problem: Problem = MethodNotAllowed(_allowed(request))
    else:
        problem = _BY_STATUS.get(error.status_code, MalformedRequest)()
    return await _respond(request, problem)


async def _validation(request: Request, error: RequestValidationError) -> Response:
    """Answer FastAPI's faults in the parameters of a path, a query or a header."""
    problem = Invalid([])
    for item in error.errors():
        place, *path = item["loc"]
        problem.add(faults_in([{**item, "loc": path}]), place)
    return await _respond(request, problem)


async def _disconnect(_request: Request, _error: ClientDisconnect) -> Response:
    """Answer a request whose client disconnected. Nobody reads this; the status is logged."""
    return MalformedRequest().response(request_id())


async def _unexpected(request: Request, error: Exception) -> Response:
    # The message may repeat what a client sent. The type and the place are enough to find it.
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    log.error(
        "unforeseen",
        error=type(error).__name__,
        file=place.tb_frame.f_code.co_filename if place else None,
        line=place.tb_lineno if place else None,
        request_id=request_id(),
    )
    return await _respond(request, Problem())


def _allowed(request: Request) -> set[str]:
    """Return all methods that the routes answer at this address."""
    allowed: set[str] = set()
    for route in request.app.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            allowed |= set(getattr(route, "methods", None) or ())
    return allowed | ({"HEAD"} if "GET" in allowed else set())
