"""The contract of a route: what its signature says, and what follows for OpenAPI."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple, get_args, get_origin, get_type_hints

from fastapi.params import Depends
from pydantic import BaseModel, with_config
from typing_extensions import is_typeddict

from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.pages import view_of_page
from app.core.http.requests import MERGE_PATCH
from app.core.http.retries import KEY_MAX, KEY_PATTERN
from app.core.values.problems import (
    Conflict,
    DatabaseReplaced,
    Forbidden,
    Invalid,
    KeyReused,
    LedgerDamaged,
    Problem,
    StillRunning,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unreadable,
    UnsupportedMedia,
    VersionMissing,
)

Responses = dict[int | str, dict[str, Any]]
"""FastAPI's `responses=`: by status, the parts of an OpenAPI response."""
REFERENCE: Final = "#/components/schemas/{model}"
TO_ALL: Final = {"X-Request-Id"}
HELD: Final = "The client has this version already."
DIFFERS: Final = "Needlework-Differs"
TO_CLIENTS: Final = TO_ALL | {"RateLimit", "RateLimit-Policy"}


class Signature(NamedTuple):
    """What the signature of a route's function says."""

    op: str
    """The name of the parameter that holds the operation."""
    authorize: Authorize
    body: type[BaseModel] | None
    may_be_empty: bool
    """Whether the request may come without a body: its parameter has a default."""
    view: Any
    """The view of the JSON answer; None if the function returns a response itself."""
    is_async: bool
    """An `async def` gets no transaction and no time limit: it makes its own."""

    @property
    def takes_key(self) -> bool:
        """Return whether answers are stored for retries under an Idempotency-Key."""
        return self.authorize.writes and not self.authorize.secret and not self.is_async

    @property
    def versioned(self) -> bool:
        """Return whether the answer is one version of one record."""
        return "version" in getattr(self.view, "__annotations__", ())


def signature(endpoint: Callable[..., Any]) -> Signature:
    """Read the signature of a route's function.

    Raises `TypeError` if no parameter is annotated with `Depends(Authorize(...))`.
    """
    hints = get_type_hints(endpoint, include_extras=True)
    returned = hints.pop("return", None)
    for name, hint in hints.items():
        for mark in getattr(hint, "__metadata__", ()):
            if isinstance(mark, Depends) and isinstance(mark.dependency, Authorize):
                name_of_body, body = next(filter(_is_model, hints.items()), ("", None))
                default = inspect.signature(endpoint).parameters.get(name_of_body)
                return Signature(
                    op=name,
                    authorize=mark.dependency,
                    body=body,
                    may_be_empty=default is not None and default.default is not default.empty,
                    view=_view(returned),
                    is_async=inspect.iscoroutinefunction(endpoint),
                )
    raise TypeError(f"{endpoint.__name__} has no parameter with Depends(Authorize(...))")


def _is_model(parameter: tuple[str, object]) -> bool:
    """Return whether this is the body: a model without `Query()` or `Depends()`."""
    _, hint = parameter
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _view(returned: Any) -> Any:
    kind = get_origin(returned)
    if kind is Page:
        return view_of_page(*get_args(returned))
    view: Any = get_args(returned)[0] if kind is Answer else None
    if is_typeddict(view):
        # A view only describes an answer, so its schema can wait for the OpenAPI document.
        with_config(defer_build=True)(view)
    return view


def documented(
    *problems: type[Problem],
    headers: Sequence[str] = (),
    media: Sequence[str] = (),
    reusable: bool = False,
) -> Responses:
    """Return the `responses=` of a route: its own problems, without those of its signature.

    `headers` are headers of the 200 response. `media` are its further media types. Clients may
    keep a `reusable` answer.
    """
    if reusable:
        headers = (*headers, "Cache-Control", "ETag")
    responses: Responses = {}
    for problem in problems:
        sent_always = TO_ALL if problem is Unauthenticated else TO_CLIENTS
        response = {
            "description": f"`{problem.code}`: {problem.title}.",
            "headers": _references({*problem.headers, *sent_always}),
            "content": {
                "application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}
            },
        }
        _add(responses, int(problem.status), response)
    if headers or media:
        done: dict[str, Any] = {"headers": _references(headers)}
        if media:
            done["content"] = {kind: {"schema": {"type": "string"}} for kind in media}
        responses[int(HTTPStatus.OK)] = done
    if reusable:
        names = TO_CLIENTS | {"Cache-Control", "ETag"}
        responses[int(HTTPStatus.NOT_MODIFIED)] = {
            "description": HELD,
            "headers": _references(names),
        }
    return responses


def responses(
    method: str, signature: Signature, status: int | None, own: Mapping[int | str, dict[str, Any]]
) -> Responses:
    """Return all documented responses of a route: its `own` and those of its signature."""
    described = documented(*_implied(signature))
    successes = _successes(method, signature, status)
    for code, response in own.items():
        _add(successes if code in successes else described, code, response)
    return described | successes


def _implied(signature: Signature) -> Iterator[type[Problem]]:
    yield Unauthenticated
    if signature.authorize.scopes:
        yield Forbidden
    yield Invalid
    yield from (Unavailable, DatabaseReplaced, LedgerDamaged, Unreadable)
    if not signature.authorize.unlimited:
        yield TooManyRequests
    if signature.body is not None:
        yield from (TooLarge, UnsupportedMedia)
    if signature.authorize.writes and not signature.is_async:
        yield Conflict
    if signature.takes_key:
        yield from (KeyReused, StillRunning)


def _add(described: Responses, code: int | str, response: Mapping[str, Any]) -> None:
    """Add a response, or merge it into the one that its status has already."""
    known = described.setdefault(code, {})
    line = response.get("description", "")
    if line not in known.get("description", ""):
        known["description"] = f"{known.get('description', '')} {line}".strip()
    names = {*known.get("headers", ()), *response.get("headers", ())}
    content = {**known.get("content", {}), **response.get("content", {})}
    known["headers"] = _references(names)
    if content:
        known["content"] = content


def _successes(method: str, signature: Signature, status: int | None) -> Responses:
    names = TO_CLIENTS | ({"ETag"} if signature.versioned else set())
    if method == "GET":
        names.add(DIFFERS)
    if signature.takes_key:
        names.add("Idempotency-Replayed")
    done = {"description": "Done.", "headers": _references(names)}
    if status != HTTPStatus.CREATED:
        described: Responses = {int(HTTPStatus.OK): done}
    else:
        stored = "The record was replaced, or was created before with the same content."
        described = {int(HTTPStatus.OK): {**done, "description": stored, "model": signature.view}}
        if method == "POST" and "id" not in getattr(signature.body, "model_fields", ()):
            described = {}  # without a client's own id, each POST creates a new record
        new = {"description": "The record is new.", "headers": _references({*names, "Location"})}
        described[int(HTTPStatus.CREATED)] = new
    if signature.versioned and method == "GET":
        described[int(HTTPStatus.NOT_MODIFIED)] = {**done, "description": HELD}
    return described


def _references(names: Iterable[str]) -> dict[str, Any]:
    """Return the headers of a response, as references."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}


def openapi_extra(
    method: str, signature: Signature, described: Mapping[int | str, Any]
) -> dict[str, Any]:
    """Return what FastAPI doesn't derive for OpenAPI: scope, headers and merge patches."""
    scopes = [str(scope) for scope in signature.authorize.scopes[:1]]
    extra: dict[str, Any] = {"security": [{"bearer": scopes}]}
    if signature.body is not None and method == "PATCH":
        schema = {"$ref": REFERENCE.format(model=signature.body.__name__)}
        extra["requestBody"] = {"content": {MERGE_PATCH: {"schema": schema}}}
    parameters = list(_headers(method, signature, described))
    if parameters:
        extra["parameters"] = parameters
    return extra


def _headers(
    method: str, signature: Signature, described: Mapping[int | str, Any]
) -> Iterator[dict[str, Any]]:
    def header(
        name: str, description: str, *, required: bool = False, **schema: Any
    ) -> dict[str, Any]:
        return {
            "name": name,
            "in": "header",
            "required": required,
            "description": description,
            "schema": {"type": "string", **schema},
        }

    if signature.takes_key:
        yield header(
            "Idempotency-Key",
            "Makes a retry safe: the same key and request get the stored answer.",
            minLength=1,
            maxLength=KEY_MAX,
            pattern=KEY_PATTERN,
        )
    if int(VersionMissing.status) in described:
        yield header(
            "If-Match",
            "The ETag of the version to change.",
            required=method != "PUT",
            pattern='^"[0-9]+"$',
        )
    if int(HTTPStatus.NOT_MODIFIED) in described:
        yield header("If-None-Match", "An ETag. The answer is 304 if this is still the version.")
