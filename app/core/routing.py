"""Routes: one declared scope each, strict bodies, one transaction, one answer.

A route is a plain function of an `Operation` and what it needs of the request: path
parameters, `body` (a `Body`) and `filters` (a `Filters`). Everything else that a request
needs happens here, once: the caller, the transaction, retries, and the form of the answer.
"""

import inspect
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request
from pydantic_core import to_jsonable_python
from starlette.responses import Response

from app.core import arguments as sent
from app.core import contract, retries
from app.core.access import Scope
from app.core.arguments import JSON
from app.core.calling import Call, Calling, by_bearer_token, renew
from app.core.database import PRINTS, UPLOADS, Database
from app.core.operation import Operation, perform
from app.core.patience import REQUEST_MAX_S, deadline
from app.core.problems import Problem
from app.core.requests import chunks, whole_body
from app.core.streams import streamed

UPLOAD_IN_MEMORY_BYTES: Final = 1024 * 1024
_UPLOADS: Final = CapacityLimiter(UPLOADS)
_PRINTS: Final = CapacityLimiter(PRINTS)
_EITHER_WAY: Final = inspect.Parameter.POSITIONAL_OR_KEYWORD


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation gives back."""

    body: Any
    """Plain values and models, which go out as JSON; or the bytes of another media type."""
    status: int = 200
    version: int | None = None
    location: str | None = None
    following: Mapping[str, object] | None = None
    """Of a list: the query parameters that lead to the next page."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What else it says, as its route declares in `tells`."""

    @classmethod
    def page(cls, items: Sequence[Any], cursor: str | None) -> "Answer":
        """A page of a list, and the way to the next one."""
        following = None if cursor is None else {"cursor": cursor}
        return cls({"items": items, "next": None}, following=following)

    def response(self, request: Request, media: str = JSON) -> Response:
        """The HTTP response; 304 where the client holds this version already."""
        headers = {"Cache-Control": "no-store", **self.headers}
        if self.version is not None:
            headers["ETag"] = f'"{self.version}"'
            if request.method == "GET" and _holds(request, self.version):
                return Response(status_code=304, headers=headers)
        if self.location is not None:
            headers["Location"] = self.location
        if self.following is not None:
            self.body["next"] = str(request.url.include_query_params(**self.following))
        if media != JSON:
            return Response(self.body, self.status, headers, media)
        # Records are plain values; what is a model, such as a muscle, says itself what it holds.
        content = orjson.dumps(self.body, to_jsonable_python, orjson.OPT_UTC_Z)
        return Response(content, self.status, headers, JSON)


def _holds(request: Request, version: int) -> bool:
    held = request.headers.get("if-none-match")
    if held is None:
        return False
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in held.split(",")}
    return str(version) in tags or "*" in tags


class Routes:
    """The routes of one feature, under one prefix.

    `called` tells who calls; `published` whether the API's document has the routes.
    """

    def __init__(
        self, prefix: str, tag: str, called: Call = by_bearer_token, *, published: bool = True
    ) -> None:
        self.prefix = prefix
        self.declared: list[contract.Route] = []
        self.router = APIRouter(tags=[tag], include_in_schema=published)
        self._called = called

    def add(  # noqa: PLR0913 - everything that a route declares
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str,
        scope: Scope,
        view: Any,
        status: int = 200,
        problems: Sequence[type[Problem]] = (),
        writes: bool | None = None,
        media: str = JSON,
        medias: Sequence[str] = (),
        uploads: Sequence[str] = (),
        upload_max_bytes: int = 0,
        streams: bool = False,
        prints: bool = False,
        secret: bool = False,
        personal: bool = False,
        tells: Sequence[str] = (),
        also: Sequence[Scope] = (),
    ) -> None:
        """Serve `endpoint`; `writes` says otherwise where the method doesn't tell.

        `uploads` are the media types of a body that is too large to hold: the endpoint gets it
        as `upload`, and does without a transaction of ours. So does one that `streams`: it gets
        the `database`, and gives its answer as a `Stream`; and one that `prints`, which gets the
        `database` and limits its own time. `medias` are the media types that an answer may have
        beside `media`. An answer that holds a `secret` is never kept, so its route takes no
        Idempotency-Key. What is `personal` is for practitioners, and for no program. `tells` names
        the headers that its answer has of its own, `also` the scopes that it needs besides.
        """
        writing = method != "GET" if writes is None else writes
        more = (uploads, media, secret, personal, tells, prints, also, medias)
        route = contract.Route(
            method, name, scope, writing, endpoint, problems, status, view, *more
        )
        self.declared.append(route)
        caller = Calling(route, self._called)
        if streams:
            serve = _streamed(caller)
        elif uploads:
            serve = _uploaded(caller, upload_max_bytes)
        else:
            serve = _served(caller)
        self._publish(path, route, serve)

    def _publish(self, path: str, route: contract.Route, serve: Callable[..., Any]) -> None:
        told = inspect.getdoc(route.endpoint)
        self.router.add_api_route(
            _typed(self.prefix + path, route.endpoint),
            serve,
            methods=[route.method],
            operation_id=route.name,
            name=route.name,
            summary=(told or route.name).split("\n")[0].removesuffix("."),
            description=told,
            status_code=route.status,
            response_model=route.view if route.media == JSON else None,
            response_class=contract.response_class(route.media),
            responses=contract.responses(route),
            openapi_extra=contract.undeclared(route),
        )

    def get(self, path: str, **declared: Any) -> Callable[..., Callable[..., Answer]]:
        """Declare a read."""
        return self._declare("GET", path, declared)

    def post(self, path: str, **declared: Any) -> Callable[..., Callable[..., Answer]]:
        """Declare a create, or an action on a record."""
        return self._declare("POST", path, declared)

    def put(self, path: str, **declared: Any) -> Callable[..., Callable[..., Answer]]:
        """Declare a create under the client's own id."""
        return self._declare("PUT", path, declared)

    def stream(self, path: str, **declared: Any) -> Callable[..., Callable[..., Any]]:
        """Declare a read whose answer is too large to hold."""
        return self._declare("GET", path, {**declared, "view": None, "streams": True})

    def _declare(
        self, method: str, path: str, declared: dict[str, Any]
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def register(endpoint: Callable[..., Any]) -> Callable[..., Any]:
            self.add(method, path, endpoint, **declared)
            return endpoint

        return register


def _typed(path: str, endpoint: Callable[..., Answer]) -> str:
    """The path with its ids marked as such: what is no id doesn't match, and leads elsewhere."""
    for name, parameter in inspect.signature(endpoint).parameters.items():
        if parameter.annotation is UUID:
            path = path.replace(f"{{{name}}}", f"{{{name}:uuid}}")
    return path


@dataclass(frozen=True, slots=True)
class Upload:
    """A body in a file, which is gone when the operation ends."""

    file: BinaryIO
    media: str
    database: Database


@dataclass(slots=True)
class Incoming:
    """A request whose caller is known and whose body has arrived."""

    request: Request
    op: Operation
    raw: bytes
    left_s: float | None
    """How long the answer may still take, if there is a limit."""


def _served(calling: Calling) -> Callable[..., Awaitable[Response]]:
    """The function that FastAPI calls: the endpoint's own path parameters, and the request."""
    route = calling.route
    parameters = inspect.signature(route.endpoint).parameters
    reads = {"body", "form"} & parameters.keys()
    body = parameters["body"].annotation if "body" in parameters else None
    filters = parameters["filters"].annotation if "filters" in parameters else None
    limiter = _PRINTS if route.prints else None

    async def receive(request: Request) -> Incoming:
        began = time.monotonic()
        op = await calling.operation(request)
        left_s = None if route.prints else REQUEST_MAX_S - (time.monotonic() - began)
        raw = await whole_body(request) if reads else b""
        return Incoming(request, op, raw, left_s)

    def answer(incoming: Incoming, path: dict[str, Any]) -> Response:
        arguments = path
        if body is not None:
            arguments["body"] = sent.body(body, incoming.request, incoming.raw)
        if "form" in reads:
            arguments["form"] = sent.form(incoming.request, incoming.raw)
        arguments |= sent.asked(filters, incoming.request)
        if route.prints:
            database = incoming.request.app.state.database
            printed: Answer = route.endpoint(incoming.op, database, **arguments)
            return printed.response(incoming.request, route.media)
        return _perform(route, incoming, partial(route.endpoint, incoming.op, **arguments))

    async def serve(incoming: Incoming, **path: Any) -> Response:
        async with deadline(incoming.left_s):
            response = await to_thread.run_sync(
                answer, incoming, path, abandon_on_cancel=True, limiter=limiter
            )
            renew(incoming.request, incoming.op)
            # Nobody sees a patient's data before it is on record that they did.
            if incoming.op.entries:
                await incoming.request.app.state.account(incoming.op)
        return response

    incoming = Depends(receive)
    own = inspect.Parameter("incoming", _EITHER_WAY, default=incoming, annotation=Incoming)
    _sign(serve, route, own)
    return serve


def _sign(serve: Any, route: contract.Route, own: inspect.Parameter) -> None:
    """Let FastAPI see the endpoint's own path parameters, and beside them what we need."""
    ours = {"op", "body", "form", "filters", "database"}
    path = [
        parameter.replace(kind=_EITHER_WAY)
        for name, parameter in inspect.signature(route.endpoint).parameters.items()
        if name not in ours
    ]
    serve.__signature__ = inspect.Signature([*path, own])
    serve.__name__ = route.name.replace(".", "_").replace("-", "_")


def _uploaded(calling: Calling, max_bytes: int) -> Callable[..., Awaitable[Response]]:
    """The function that FastAPI calls where the body goes to a file first."""
    route = calling.route
    filters = route.argument("filters")

    async def serve(request: Request) -> Response:
        op = await calling.operation(request)
        media = sent.media(request, route.uploads)
        arguments = sent.asked(filters, request)
        with tempfile.SpooledTemporaryFile(UPLOAD_IN_MEMORY_BYTES) as file:
            async for chunk in chunks(request, max_bytes):
                file.write(chunk)
            file.seek(0)
            upload = Upload(cast("BinaryIO", file), media, request.app.state.database)
            work = partial(route.endpoint, op, upload, **arguments)
            answer: Answer = await to_thread.run_sync(work, limiter=_UPLOADS)
        return answer.response(request)

    return serve


def _streamed(calling: Calling) -> Callable[..., Awaitable[Response]]:
    """The function that FastAPI calls where the answer goes out in pieces."""
    route = calling.route
    filters = route.argument("filters")

    async def serve(request: Request, **path: Any) -> Response:
        op = await calling.operation(request)
        arguments = path | sent.asked(filters, request)
        return await streamed(partial(route.endpoint, op, request.app.state.database, **arguments))

    _sign(serve, route, inspect.Parameter("request", _EITHER_WAY, annotation=Request))
    return serve


def _perform(route: contract.Route, incoming: Incoming, endpoint: Callable[[], Answer]) -> Response:
    """Run the operation in its transaction and commit before the answer is sent."""
    database: Database = incoming.request.app.state.database
    op, request = incoming.op, incoming.request
    if not route.writes:
        with database.reading(op.clinic_id) as db:
            op.begin(db)
            return endpoint().response(request, route.media)
    key = sent.key(request) if route.takes_key else None
    print_ = retries.fingerprint(request.method, request.url.path, incoming.raw)
    try:
        return _write(database, incoming, endpoint, key, print_)
    except (Problem, retries.KeyTaken):
        # A repeated request may well fail where its first run succeeded: its record exists now.
        replayed = retries.recall(database, op, key, print_) if key else None
        if replayed is None:
            raise
        return replayed


def _write(
    database: Database,
    incoming: Incoming,
    endpoint: Callable[[], Answer],
    key: str | None,
    print_: bytes,
) -> Response:
    def work() -> Response:
        response = endpoint().response(incoming.request)
        if key:
            retries.remember(incoming.op, key, print_, response)
        return response

    return perform(database, incoming.op, work)
