"""The outermost layer: request ids, logs, headers, HEAD, and a problem for every fault."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import requests
from app.core.logs import Watch, log
from app.core.problems import (
    Invalid,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    UnsupportedMedia,
)
from app.core.requests import ADDED, request_id
from app.core.wire import faults_in

_BY_STATUS: Final[dict[int, type[Problem]]] = {
    problem.status: problem for problem in (MalformedRequest, NotFound, TooLarge, UnsupportedMedia)
}
# Answers are data: a browser is to show, frame, sniff and pass on none of it.
ALWAYS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


Show = Callable[[Request, Problem], Response]
"""How a problem is answered."""


def install(app: FastAPI, shown: Mapping[str, Show] | None = None) -> None:
    """Give the app its outermost layer; `shown` are the paths whose problems people read."""
    app.state.shown = shown or {}
    app.add_middleware(Headers)
    app.add_middleware(Watch)
    requests.install(app)
    app.add_middleware(Head)
    handlers: dict[type[Exception], Callable[..., Awaitable[Response]]] = {
        Problem: _problem,
        HTTPException: _http,
        RequestValidationError: _validation,
        ClientDisconnect: _hung_up,
        Exception: _unforeseen,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


class Headers:
    """ASGI middleware: what every answer says to a browser, and what a request adds to its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer with more headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[ADDED] = {}

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in {**ALWAYS, **scope[ADDED]}.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=63072000"
            await send(message)

        await self.app(scope, receive, dressed)


class Head:
    """ASGI middleware: answers a HEAD as the GET, without the body (RFC 9110 §9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, a HEAD as a GET."""

        async def bare(message: Message) -> None:
            await send({**message, "body": b""} if "body" in message else message)

        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, bare)
        else:
            await self.app(scope, receive, send)


def _answered(request: Request, problem: Problem) -> Response:
    for path, show in request.app.state.shown.items():
        if request.url.path == path or request.url.path.startswith(f"{path}/"):
            return cast("Response", show(request, problem))
    return problem.response(request_id())


async def _problem(request: Request, problem: Problem) -> Response:
    return _answered(request, problem)


async def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == MethodNotAllowed.status:
        problem: Problem = MethodNotAllowed(_allowed(request))
    else:
        problem = _BY_STATUS.get(error.status_code, MalformedRequest)()
    return _answered(request, problem)


async def _validation(request: Request, error: RequestValidationError) -> Response:
    """What FastAPI finds wrong with the parameters of a path, a query or a header."""
    problem = Invalid([])
    for item in error.errors():
        place, *way = item["loc"]
        found = Invalid(faults_in([{**item, "loc": way}]), place)
        problem.members["errors"] += found.members["errors"]
    return _answered(request, problem)


async def _hung_up(_request: Request, _error: ClientDisconnect) -> Response:
    """Of a body that ended too soon only the request's line is logged: nobody reads the answer."""
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
    return _answered(request, Problem())


def _allowed(request: Request) -> set[str]:
    """Every method that some route answers at this address."""
    found: set[str] = set()
    for route in request.app.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            found |= set(getattr(route, "methods", None) or ())
    return found | ({"HEAD"} if "GET" in found else set())
