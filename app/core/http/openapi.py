"""The OpenAPI document: FastAPI's, completed by what it can't derive from the routes."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import WithDefaultSchema

from app.core.http.contract import REFERENCE
from app.core.http.routing import Route

HEADERS: Final = {
    "Cache-Control": "How long clients may keep the answer.",
    "Chart-Digest": "SHA-256 of the summary's content, in hex, as at the foot of each page.",
    "Content-Digest": "SHA-256 of the file (RFC 9530).",
    "Content-Disposition": "The name to save the file under.",
    "ETag": "The version of a record or of reference data, for `If-Match` and `If-None-Match`.",
    "Idempotency-Replayed": "`true` if this is the stored answer to an earlier request.",
    "Location": "The new record's address.",
    "Needlework-Differs": "If records in the answer differ from the ledger: their ids. Somebody"
    " changed them outside the program.",
    "RateLimit": "How many requests the client has left, and for how many seconds.",
    "RateLimit-Policy": "How many requests a client may make in how many seconds.",
    "Retry-After": "Seconds to wait before the next try.",
    "WWW-Authenticate": "How to authenticate.",
    "X-Request-Id": "The id of the request: the client's own, or one that the server made.",
}
PROBLEM_SCHEMA: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "current_version": {"type": "integer", "description": "412: the record's version now."},
        "holder_id": {
            "type": "string",
            "format": "uuid",
            "description": "The id of the record that has the identifier.",
        },
        "resource": {
            "type": "string",
            "description": "The kind of the record that relies on this one.",
        },
        "resource_id": {
            "type": "string",
            "format": "uuid",
            "description": "The id of that record.",
        },
        "pointer": {"type": "string", "description": "JSON Pointer to the member that conflicts."},
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


class _BodySchema(GenerateJsonSchema):
    """The schema of bodies: a member that may be absent may also be null."""

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Allow null where there is a default."""
        described = super().default_schema(schema)
        default = {"default": described.pop("default")} if "default" in described else {}
        return self.get_union_of_schemas([described, {"type": "null"}]) | default


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document. It is cached on the app."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        for operations in schema["paths"].values():
            for operation in operations.values():
                for parameter in operation.get("parameters", ()):
                    if parameter["in"] == "query":
                        _describe(parameter)
        bodies = sorted(set(_bodies(app)), key=lambda model: model.__name__)
        _, definitions = models_json_schema(
            [(model, "validation") for model in bodies],
            ref_template=REFERENCE,
            schema_generator=_BodySchema,
        )
        components = schema.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        schemas.update(definitions.get("$defs", {}))
        schemas["Problem"] = PROBLEM_SCHEMA
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        components["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in HEADERS.items()
        }
        components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = schema
    return app.openapi_schema


def _bodies(app: FastAPI) -> Iterator[type[BaseModel]]:
    for route in app.routes:
        if isinstance(route, Route) and route.include_in_schema and route.signature.body:
            yield route.signature.body


def _describe(parameter: dict[str, Any]) -> None:
    """Give a query parameter a description, and a schema without null."""
    parameter.setdefault("description", "")
    schema = {name: part for name, part in parameter["schema"].items() if name != "title"}
    parameter["schema"] = _not_null(schema)


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Remove null: a query parameter is absent or has a value."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    rest = {k: v for k, v in schema.items() if k not in {"anyOf", "default"} or v is not None}
    if len(kinds) != 1:
        return rest
    return {**{k: v for k, v in rest.items() if k != "anyOf"}, **kinds[0]}
