"""Routes: FastAPI's, but they authorize first and run a function in one transaction.

    router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=Route)
    Writing = Annotated[Operation, Depends(Authorize(Scope.SESSIONS_WRITE))]

    @router.post("/{id:uuid}/sign", operation_id="sessions.sign", responses=documented(NotFound))
    def sign(op: Writing, id: UUID) -> Answer[SessionView]:
        ...

The order is: identify the caller and check their scopes, read the body, solve the parameters and
dependencies, begin a transaction, call the function, commit, record the access entries, send the
answer. Everything from begin to commit runs in one thread.
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Annotated, Any, cast, get_args, get_origin

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from jinja2 import TemplateError
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from app.core.db.database import Database
from app.core.http import contract, retries
from app.core.http.answers import Answer, respond
from app.core.http.authorize import RequestOperation, forget_stale_clients, record_denial
from app.core.http.contract import DIFFERS, Signature
from app.core.http.deadline import deadline
from app.core.http.deprecation import deprecation, with_headers
from app.core.http.requests import ApiRequest, check_query, ids_in
from app.core.operation import Operation, perform, settle
from app.core.values.problems import MALFORMED, Forbidden, Problem, Unreadable

Call = Callable[[], Answer[Any] | Response]
"""A route's function with its arguments."""


async def _database(request: Request) -> Database:
    return cast("Database", request.app.state.database)


TheDatabase = Annotated[Database, Depends(_database)]
"""A parameter for `async def` routes, which open their own transactions."""


class Route(APIRoute):
    """A FastAPI route whose function takes an operation: see the module's docstring.

    A `def` function runs in a thread and in a transaction. An `async def` function gets neither,
    and no time limit: it makes its own.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **declared: Any) -> None:
        self.signature = contract.signature(endpoint)
        [method] = declared["methods"]
        if method != "GET" and self.signature.authorize.forgets_to_write:
            raise TypeError(f"{path}: name the scope that writes first, or nothing is stored")
        described = contract.responses(
            method, self.signature, declared["status_code"], declared["responses"] or {}
        )
        extra = contract.openapi_extra(method, self.signature, described)
        description = declared["description"] or inspect.getdoc(endpoint) or ""
        summary = description.split("\n")[0].removesuffix(".")
        deprecated = deprecation(declared["dependencies"])
        if deprecated is not None:
            description = f"{description}\n\n{deprecated.text}"
            with_headers(described)
        declared |= {
            "name": declared["operation_id"],
            "summary": summary,
            "deprecated": declared["deprecated"] or (deprecated is not None) or None,
            "description": description,
            "response_model": self.signature.view,
            "responses": described,
            "openapi_extra": extra | (declared["openapi_extra"] or {}),
        }
        super().__init__(path, _endpoint(endpoint, self.signature), **declared)
        self._path_prefix = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request. A comparison with the path's prefix rules most routes out.

        Starlette tries the routes in turn, so this keeps the last of a hundred fast.
        """
        if self._path_prefix not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Authorize and read the body before FastAPI solves parameters and dependencies."""
        solve_and_call = super().get_route_handler()
        signature, query = self.signature, _query_names(self.dependant)
        several = _lists(self.dependant)

        async def handle(request: Request) -> Response:
            async with deadline() as limit:
                request = ApiRequest(request.scope, request.receive, limit)
                op = await signature.authorize(request)
                if signature.body is not None:
                    await request.read(signature.body, may_be_empty=signature.may_be_empty)
                check_query(request, query, several)
                if signature.is_async:
                    limit.reschedule(None)
                try:
                    response = await solve_and_call(request)
                except Exception as failed:
                    await _after_failure(request, op, failed)
                    raise
                forget_stale_clients(request, op)
                await _settle(request, op)
                # Access entries are committed before anybody gets a patient's data.
                if op.entries:
                    await request.app.state.account(op)
                if op.differing:
                    response.headers[DIFFERS] = ", ".join(map(str, op.differing))
            return response

        return handle


async def _after_failure(request: ApiRequest, op: Operation, failed: Exception) -> None:
    """Record what must be known of an operation that failed, or was refused.

    Raises `Unreadable` if it failed because of a record that differs from the ledger.
    """
    named = {id_ for entry in op.entries for id_ in (entry.resource_id, entry.patient_id) if id_}
    named |= {*op.doubted, *ids_in(request)}
    op.entries = []  # what the function had done was rolled back
    if isinstance(failed, Problem):
        await _settle(request, op)
    if isinstance(failed, Forbidden):
        await record_denial(request, op, failed.denial)
    if not isinstance(failed, (Unreadable, TemplateError, *MALFORMED)):
        return
    find: Callable[..., bool] = request.app.state.find_differing
    if await asyncio.to_thread(find, op, named) and not isinstance(failed, Unreadable):
        raise Unreadable from failed


async def _settle(request: Request, op: Operation) -> None:
    """Commit what a read left for afterwards, before it is answered. A write has done so itself."""
    if op.afterwards:
        await asyncio.to_thread(settle, request.app.state.database, op)


def _query_names(dependant: Dependant) -> set[str] | None:
    """Return the names of the query parameters of a route and its dependencies.

    None if one of them is a model: then FastAPI refuses unknown parameters itself.
    """
    names: set[str] = set()
    for field in dependant.query_params:
        if hasattr(field.field_info.annotation, "model_fields"):
            return None
        names.add(field.alias)
    for inner in dependant.dependencies:
        inner_names = _query_names(inner)
        if inner_names is None:
            return None
        names |= inner_names
    return names


def _lists(dependant: Dependant) -> frozenset[str]:
    """Return the names of the members of query models that are lists: they may be repeated."""
    models = (field.field_info.annotation for field in dependant.query_params)
    return frozenset(
        member.alias or name
        for model in models
        for name, member in getattr(model, "model_fields", {}).items()
        if any(
            get_origin(part) is list for part in (member.annotation, *get_args(member.annotation))
        )
    )


def _endpoint(function: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """Wrap a route's function for FastAPI: the same parameters, but it returns the response."""
    if signature.is_async:

        @wraps(function)
        async def run(**arguments: Any) -> Response:
            op: RequestOperation = arguments[signature.op]
            return respond(await function(**arguments), op.request)

        return run

    work = partial(_write, takes_key=signature.takes_key) if signature.authorize.writes else _read

    @wraps(function)
    async def run_in_thread(**arguments: Any) -> Response:
        # Not FastAPI's own thread: the deadline may stop waiting for this one while it runs.
        call = partial(function, **arguments)
        return await asyncio.to_thread(work, arguments[signature.op], call)

    return run_in_thread


def _read(op: RequestOperation, call: Call) -> Response:
    database: Database = op.request.app.state.database
    with database.reading(op.clinic_id) as db:
        op.begin(db)
        return respond(call(), op.request)


def _write(op: RequestOperation, call: Call, *, takes_key: bool) -> Response:
    """Call a function in a transaction, which commits before the answer is sent."""
    database: Database = op.request.app.state.database
    key = retries.key(op.request) if takes_key else None
    if key is None:
        return perform(database, op, lambda: respond(call(), op.request))
    digest = retries.fingerprint(op.request.method, op.request.url.path, op.request.raw or b"")

    def work() -> Response:
        response = respond(call(), op.request)
        retries.store_answer(op, key, digest, response)
        return response

    try:
        return perform(database, op, work)
    except (Problem, retries.KeyTaken):
        # A repeated request may fail where the first one succeeded: now its record exists.
        replayed = retries.replay(database, op, key, digest)
        if replayed is None:
            raise
        return replayed
