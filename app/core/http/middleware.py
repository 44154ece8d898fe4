"""The middleware around every request, and the handlers that turn each fault into a problem.

A request passes these layers, from the outside in:

1. `HeadLimit`, the HTTP protocol of the server: a bound on the request's head (`serve` only).
2. Starlette's `ServerErrorMiddleware`, and FastAPI's telemetry (off) and body limit (unset).
3. `Middleware`, ours: request id, HEAD, headers of the answer, one log line, one observation.
4. Starlette's `ExceptionMiddleware`, which calls the handlers below.
5. FastAPI's exit stack, its router, and the `Route`.
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
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http.health import leaving
from app.core.http.logs import log
from app.core.http.requests import ADDED, REQUEST_ID, request_id
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

REQUESTS: Final = Histogram(
    "needlework_request_seconds", "Time from a request to its answer.", ["operation", "status"]
)
_GOOD_ID: Final = re.compile(r"[!-~]{1,128}", re.ASCII)
_BY_STATUS: Final[dict[int, type[Problem]]] = {
    problem.status: problem for problem in (MalformedRequest, NotFound, TooLarge, UnsupportedMedia)
}
# Answers are data: no browser may show, frame, sniff or pass on any of it.
ALWAYS: Final = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}
HTTPS_ONLY: Final = (b"strict-transport-security", b"max-age=63072000")
CLOSE: Final = (b"connection", b"close")

Show = Callable[[Request, Problem], Response]
"""How a problem is shown to people, as a page."""


def install(app: FastAPI, pages: Mapping[str, Show] | None = None) -> None:
    """Add the middleware and the handlers; `pages` says below which paths people read problems."""
    app.state.pages = pages or {}
    app.add_middleware(Middleware)
    handlers: dict[type[Exception], Callable[..., Awaitable[Response]]] = {
        Problem: _problem,
        HTTPException: _http,
        RequestValidationError: _validation,
        ClientDisconnect: _hung_up,
        Exception: _unforeseen,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


class Middleware:
    """What every request gets: an id, a log line, an observation, and the headers of its answer.

    A HEAD is answered as the GET, without the body (RFC 9110 §9.3.2). Once the process is about
    to end, each answer closes its connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer with more headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        given = Headers(scope=scope).get("x-request-id", "")
        id_ = given if _GOOD_ID.fullmatch(given) else str(uuid7())
        REQUEST_ID.set(id_)
        is_head = scope["method"] == "HEAD"
        scope = {**scope, "method": "GET" if is_head else scope["method"], ADDED: {}}

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, scope, id_)
            elif is_head and "body" in message:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            _note(scope, status, time.perf_counter() - began)


def _add_headers(message: Message, scope: Scope, id_: str) -> None:
    """Add to an answer the headers that it doesn't have yet."""
    added = {name.lower().encode(): value.encode() for name, value in scope[ADDED].items()}
    present = {name for name, _ in message["headers"]}
    more = [header for header in (ALWAYS | added).items() if header[0] not in present]
    more.append((b"x-request-id", id_.encode()))
    if scope["scheme"] == "https":
        more.append(HTTPS_ONLY)
    if leaving.is_set():
        more.append(CLOSE)
    message["headers"] = [*message["headers"], *more]


def _note(scope: Scope, status: int, seconds: float) -> None:
    """Write the request's log line, and observe how long it took."""
    operation = getattr(scope.get("route"), "name", "-")
    REQUESTS.labels(operation, status).observe(seconds)
    log.info(
        "request",
        operation=operation,
        status=status,
        ms=round(seconds * 1000, 2),
        request_id=request_id(),
    )


def _respond(request: Request, problem: Problem) -> Response:
    for path, show in request.app.state.pages.items():
        if request.url.path == path or request.url.path.startswith(f"{path}/"):
            return cast("Response", show(request, problem))
    return problem.response(request_id())


async def _problem(request: Request, problem: Problem) -> Response:
    return _respond(request, problem)


async def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == MethodNotAllowed.status:
        problem: Problem = MethodNotAllowed(_allowed(request))
    else:
        problem = _BY_STATUS.get(error.status_code, MalformedRequest)()
    return _respond(request, problem)


async def _validation(request: Request, error: RequestValidationError) -> Response:
    """What FastAPI finds wrong with the parameters of a path, a query or a header."""
    problem = Invalid([])
    for item in error.errors():
        place, *way = item["loc"]
        found = Invalid(faults_in([{**item, "loc": way}]), place)
        problem.members["errors"] += found.members["errors"]
    return _respond(request, problem)


async def _hung_up(_request: Request, _error: ClientDisconnect) -> Response:
    """A body that ended too soon. Only the request's line is logged: nobody reads the answer."""
    return MalformedRequest().response(request_id())


async def _unforeseen(request: Request, error: Exception) -> Response:
    # The message may hold what a client sent; the type and the place are enough to find it.
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
    return _respond(request, Problem())


def _allowed(request: Request) -> set[str]:
    """Every method that some route answers at this address."""
    allowed: set[str] = set()
    for route in request.app.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            allowed |= set(getattr(route, "methods", None) or ())
    return allowed | ({"HEAD"} if "GET" in allowed else set())
