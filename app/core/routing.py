"""Routes: one declared scope each, strict bodies, one transaction, one answer.

A route is a plain function of an `Operation` and what it needs of the request: path
parameters, `body` (a `Body`) and `filters` (a `Filters`). Everything else that a request
needs happens here, once: the caller, the transaction, retries, and the form of the answer.
"""

import asyncio
import inspect
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple, cast
from uuid import UUID

import orjson
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, create_model
from pydantic_core import to_jsonable_python
from starlette.responses import Response
from starlette.routing import request_response

from app.core import arguments as sent
from app.core import contract, retries
from app.core.access import Scope
from app.core.arguments import JSON
from app.core.calling import Call, Calling, by_bearer_token, renew
from app.core.database import PRINTS, UPLOADS, Database
from app.core.operation import Operation, perform
from app.core.patience import deadline, untimed
from app.core.problems import Problem
from app.core.requests import chunks, whole_body
from app.core.streams import streamed

UPLOAD_IN_MEMORY_BYTES: Final = 1024 * 1024
_UPLOADS: Final = CapacityLimiter(UPLOADS)
_printed: Final = partial(
    to_thread.run_sync, abandon_on_cancel=True, limiter=CapacityLimiter(PRINTS)
)
# What an endpoint is given beside what its path names.
_GIVEN: Final = frozenset({"op", "body", "form", "filters", "database", "upload"})
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


class Served(APIRoute):
    """A route whose function takes the whole request, and asks first who calls.

    FastAPI reads its signature for the API's document. Left to itself, it would read arguments from
    each request, too: before the caller is known, and at the price of a small query.
    """

    def __init__(self, *given: Any, **declared: Any) -> None:
        super().__init__(*given, **declared)
        self.app = request_response(self.endpoint)


class Routes:
    """The routes of one feature, under one prefix.

    `called` tells who calls; `published` whether the API's document has the routes.
    """

    def __init__(
        self, prefix: str, tag: str, called: Call = by_bearer_token, *, published: bool = True
    ) -> None:
        self.prefix = prefix
        self.declared: list[contract.Route] = []
        self.router = APIRouter(tags=[tag], include_in_schema=published, route_class=Served)
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
            _documented(serve, route),
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


class Incoming(NamedTuple):
    """A request whose caller is known and whose body has arrived."""

    request: Request
    op: Operation
    raw: bytes


def _served(calling: Calling) -> Callable[[Request], Awaitable[Response]]:
    """What answers a request whose body and answer are held whole."""
    route = calling.route
    body, filters, placed = route.argument("body"), route.argument("filters"), _placed(route)
    has_form = "form" in inspect.signature(route.endpoint).parameters
    in_thread = _printed if route.prints else asyncio.to_thread

    def answer(incoming: Incoming) -> Response:
        request, op, raw = incoming
        arguments = sent.placed(placed, request)
        if body is not None:
            arguments["body"] = sent.body(body, request, raw)
        if has_form:
            arguments["form"] = sent.form(request, raw)
        arguments |= sent.asked(filters, request)
        if route.prints:
            printed: Answer = route.endpoint(op, request.app.state.database, **arguments)
            return printed.response(request, route.media)
        return _perform(route, incoming, partial(route.endpoint, op, **arguments))

    async def serve(request: Request) -> Response:
        async with deadline() as limit:
            op = await calling.operation(request)
            raw = await untimed(limit, whole_body(request)) if body or has_form else b""
            if route.prints:
                limit.reschedule(None)  # it limits its own time
            response = await in_thread(answer, Incoming(request, op, raw))
            renew(request, op)
            # Nobody sees a patient's data before it is on record that they did.
            if op.entries:
                await request.app.state.account(op)
        return response

    return serve


def _placed(route: contract.Route) -> type[BaseModel] | None:
    """The model of what the path of a route names, if it names anything."""
    named = {parameter.name: (parameter.annotation, ...) for parameter in _named(route)}
    return create_model("Placed", **named) if named else None  # type: ignore[call-overload]


def _named(route: contract.Route) -> Iterator[inspect.Parameter]:
    parameters = inspect.signature(route.endpoint).parameters.values()
    return (parameter for parameter in parameters if parameter.name not in _GIVEN)


def _documented(serve: Any, route: contract.Route) -> Any:
    """Let FastAPI see what the path of a route names."""
    path = [parameter.replace(kind=_EITHER_WAY) for parameter in _named(route)]
    serve.__signature__ = inspect.Signature(path)
    serve.__name__ = route.name.replace(".", "_").replace("-", "_")
    return serve


def _uploaded(calling: Calling, max_bytes: int) -> Callable[[Request], Awaitable[Response]]:
    """What answers a request whose body goes to a file first."""
    route = calling.route
    filters = route.argument("filters")

    async def serve(request: Request) -> Response:
        async with deadline():
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


def _streamed(calling: Calling) -> Callable[[Request], Awaitable[Response]]:
    """What answers a request with pieces that go out one by one."""
    route = calling.route
    filters, placed = route.argument("filters"), _placed(route)

    async def serve(request: Request) -> Response:
        async with deadline():
            op = await calling.operation(request)
        arguments = sent.placed(placed, request) | sent.asked(filters, request)
        return await streamed(partial(route.endpoint, op, request.app.state.database, **arguments))

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
