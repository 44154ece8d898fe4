"""The OpenAPI document: what each route declares, written down once and published."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import WithDefaultSchema
from starlette.responses import JSONResponse, Response

from app.core.access import Scope
from app.core.problems import (
    Conflict,
    Forbidden,
    Invalid,
    KeyReused,
    Problem,
    StillRunning,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    VersionMissing,
)
from app.core.retries import KEY_MAX, KEY_PATTERN

REFERENCE: Final = "#/components/schemas/{model}"
ANSWERED: Final = {
    "Chart-Digest": "SHA-256 of what the summary says, in hex: it stands at the foot of each page.",
    "Content-Digest": "SHA-256 of the file (RFC 9530).",
    "Content-Disposition": "The name to save the file under.",
    "ETag": "The record's version, as `If-Match` and `If-None-Match` want it.",
    "Idempotency-Replayed": "`true` where this is the stored answer to an earlier request.",
    "Location": "The new record's address.",
    "RateLimit": "How many requests are left to the client, and for how many seconds.",
    "RateLimit-Policy": "How many requests a client may make in how many seconds.",
    "Retry-After": "Seconds to wait before the next try.",
    "WWW-Authenticate": "How to authenticate.",
    "X-Request-Id": "The request's id: its own, or one that was made for it.",
}
TO_ALL: Final = {"X-Request-Id"}
TO_CLIENTS: Final = TO_ALL | {"RateLimit", "RateLimit-Policy"}
PROBLEM_SCHEMA: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "current_version": {"type": "integer", "description": "412: the version to read again."},
        "holder_id": {"type": "string", "format": "uuid", "description": "Whose identifier it is."},
        "resource": {
            "type": "string",
            "description": "The kind of the record that relies on this.",
        },
        "resource_id": {
            "type": "string",
            "format": "uuid",
            "description": "The id of that record.",
        },
        "pointer": {"type": "string", "description": "JSON Pointer to what stands against it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901)."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "in": {"enum": ["query", "path", "header"]},
                },
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class Route:
    """What one route promises."""

    method: str
    name: str
    scope: Scope
    writes: bool
    endpoint: Callable[..., Any]
    problems: Sequence[type[Problem]]
    status: int
    view: Any
    """The model of its answer."""
    uploads: Sequence[str] = ()
    media: str = "application/json"
    """The media type of its answer."""
    secret: bool = False
    """Whether its answer holds a secret, of which nothing may be kept."""
    personal: bool = False
    """Whether only a practitioner may ask for it, and no program."""
    tells: Sequence[str] = ()
    """The headers that its answer has of its own."""
    prints: bool = False
    """Whether it takes longer than a request may, on a thread of its own."""
    also: Sequence[Scope] = ()
    """The scopes that it needs besides."""
    medias: Sequence[str] = ()
    """The media types that its answer may have instead."""

    @property
    def takes_key(self) -> bool:
        """Whether its answers are kept for retries. An upload is safe to repeat as it is."""
        return self.writes and not self.uploads and not self.secret

    @property
    def versioned(self) -> bool:
        """Whether it answers with one version of one record."""
        return "version" in getattr(self.view, "__annotations__", ())

    def argument(self, name: str) -> type[BaseModel] | None:
        """The model that the endpoint takes as `body` or as `filters`."""
        parameter = inspect.signature(self.endpoint).parameters.get(name)
        return None if parameter is None else parameter.annotation


def _every_problem(route: Route) -> Iterator[type[Problem]]:
    yield from (Unauthenticated, Forbidden, Invalid, TooManyRequests, Unavailable)
    if route.argument("body") or route.uploads:
        yield from (TooLarge, UnsupportedMedia)
    if route.writes:
        yield Conflict
    if route.takes_key:
        yield from (KeyReused, StillRunning)
    yield from route.problems


def responses(route: Route) -> dict[int | str, dict[str, Any]]:
    """The documented answers of a route, problems included."""
    described: dict[int | str, dict[str, Any]] = {}
    for problem in _every_problem(route):
        told = TO_ALL if problem is Unauthenticated else TO_CLIENTS
        known = described.setdefault(
            int(problem.status),
            {
                "description": "",
                "headers": _answered({*problem.headers, *told}),
                "content": {
                    "application/problem+json": {
                        "schema": {"$ref": REFERENCE.format(model="Problem")}
                    }
                },
            },
        )
        line = f"`{problem.code}`: {problem.title.rstrip('?')}."
        if line not in known["description"]:
            known["description"] = f"{known['description']} {line}".strip()
    return described | _successes(route)


def _successes(route: Route) -> dict[int | str, dict[str, Any]]:
    headers = TO_CLIENTS | {*route.tells} | ({"ETag"} if route.versioned else set())
    if route.takes_key:
        headers.add("Idempotency-Replayed")
    done: dict[str, Any] = {"description": "Done.", "headers": _answered(headers)}
    if route.medias:
        done["content"] = {media: {"schema": {"type": "string"}} for media in route.medias}
    described: dict[int | str, dict[str, Any]] = {int(HTTPStatus.OK): done}
    if route.status == HTTPStatus.CREATED:
        stored = "It is stored: replaced, or with the same content before."
        described[int(HTTPStatus.OK)] = {**done, "description": stored, "model": route.view}
        if route.method == "POST" and "id" not in getattr(
            route.argument("body"), "model_fields", ()
        ):
            del described[int(HTTPStatus.OK)]  # it has no id of its sender's to be known again by
        described[int(HTTPStatus.CREATED)] = {
            "description": "It is new.",
            "headers": _answered({*headers, "Location"}),
        }
    if route.versioned and route.method == "GET":
        held = "The client holds this version."
        described[int(HTTPStatus.NOT_MODIFIED)] = {**done, "description": held}
    return described


def response_class(media: str) -> type[Response]:
    """What tells FastAPI the media type of an answer."""
    if media == JSONResponse.media_type:
        return JSONResponse
    return type("Answered", (Response,), {"media_type": media})


def _answered(names: Iterable[str]) -> dict[str, Any]:
    """The headers of an answer."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}


def undeclared(route: Route) -> dict[str, Any]:
    """What FastAPI can't read from the signature: body, query, headers and scope."""
    found: dict[str, Any] = {"security": [{"bearer": [str(route.scope)]}]}
    body, filters = route.argument("body"), route.argument("filters")
    if body is not None:
        media = {"schema": {"$ref": REFERENCE.format(model=body.__name__)}}
        kinds = ["application/json"]
        if route.method == "PATCH":
            kinds.append("application/merge-patch+json")
        found["requestBody"] = {"required": True, "content": dict.fromkeys(kinds, media)}
    if route.uploads:
        text = {"schema": {"type": "string"}}
        found["requestBody"] = {"required": True, "content": dict.fromkeys(route.uploads, text)}
    parameters = [*_query(filters), *_headers(route)]
    if parameters:
        found["parameters"] = parameters
    return found


def _query(model: type[BaseModel] | None) -> Iterator[dict[str, Any]]:
    if model is None:
        return
    schema = model.model_json_schema(mode="validation")
    for name, member in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": member.get("description", ""),
            "schema": _not_null({k: v for k, v in member.items() if k != "title"}),
        }


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is absent or has a value; it is never null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    rest = {k: v for k, v in schema.items() if k not in {"anyOf", "default"} or v is not None}
    if len(kinds) != 1:
        return rest
    return {**{k: v for k, v in rest.items() if k != "anyOf"}, **kinds[0]}


def _headers(route: Route) -> Iterator[dict[str, Any]]:
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

    if route.takes_key:
        yield header(
            "Idempotency-Key",
            "Makes a retry safe: the same key and request get the stored answer.",
            minLength=1,
            maxLength=KEY_MAX,
            pattern=KEY_PATTERN,
        )
    if VersionMissing in route.problems:
        yield header(
            "If-Match",
            "The ETag of the version that this changes.",
            required=route.method != "PUT",
            pattern='^"[0-9]+"$',
        )
    if route.versioned and route.method == "GET":
        yield header("If-None-Match", "Answer 304 if this is still the version.")


class _Sent(GenerateJsonSchema):
    """The schema of what clients send: a member that may be absent may also be null."""

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Add null to what may be left out."""
        described = super().default_schema(schema)
        default = {"default": described.pop("default")} if "default" in described else {}
        return self.get_union_of_schemas([described, {"type": "null"}]) | default


def document(app: FastAPI) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document, cached on the app."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        bodies = sorted(set(_bodies(app)), key=lambda model: model.__name__)
        _, definitions = models_json_schema(
            [(model, "validation") for model in bodies],
            ref_template=REFERENCE,
            schema_generator=_Sent,
        )
        components = schema.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        schemas.update(definitions.get("$defs", {}))
        schemas["Problem"] = PROBLEM_SCHEMA
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        components["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in ANSWERED.items()
        }
        components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = schema
    return app.openapi_schema


def _bodies(app: FastAPI) -> Iterator[type[BaseModel]]:
    for routes in app.state.rooms:
        for route in routes.declared:
            body = route.argument("body")
            if body is not None:
                yield body
