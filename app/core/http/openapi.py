"""The OpenAPI document: FastAPI's, completed by what it can't derive from the routes."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import ModelSchema, WithDefaultSchema
from typing_extensions import TypeAliasType

from app.core.http import descriptions
from app.core.http.contract import REFERENCE
from app.core.http.descriptions import LEFT_OUT
from app.core.http.examples.recorded import add_examples
from app.core.http.patches import MergePatch, patch_schemas
from app.core.http.routing import Route
from app.core.values.fault_codes import FAULT_CODES
from app.core.values.problems import catalogue

_REFERENCES: Final = re.compile(re.escape(REFERENCE.format(model="")) + r"(\w+)")
HEADERS: Final = {
    "Cache-Control": "How long clients may keep the answer.",
    "Chart-Digest": "SHA-256 of the summary's content, in hex, as at the foot of each page.",
    "Content-Digest": "SHA-256 of the file (RFC 9530).",
    "Content-Disposition": "The name to save the file under.",
    "Content-Language": "The language of the answer.",
    "Deprecation": "When the operation was deprecated, in seconds since 1970 (RFC 9745).",
    "ETag": "The version of a record or of reference data, for `If-Match` and `If-None-Match`.",
    "Idempotency-Replayed": "`true` if this is the stored answer to an earlier request.",
    "Link": "Where the documentation of a deprecated operation says what to use instead.",
    "Location": "The new record's address.",
    "Needlework-Differs": "If records in the answer differ from the ledger: their ids. Somebody"
    " changed them outside the program.",
    "RateLimit": "How many requests the client has left, and for how many seconds.",
    "RateLimit-Policy": "How many requests a client may make in how many seconds.",
    "Retry-After": "Seconds to wait before the next try.",
    "Sunset": "Until when a deprecated operation works (RFC 8594).",
    "Vary": "The request headers that the answer depends on.",
    "WWW-Authenticate": "How to authenticate.",
    "X-Request-Id": "The id of the request: the client's own, or one that the server made.",
}
FILES: Final = {
    "application/pdf",
    "application/vnd.apache.parquet",
    "application/x-ndjson",
    "application/zip",
    "text/csv",
}
"""Media types of bodies that clients save or send as files."""
PATH: Final = {
    "id": "The id of the record, a UUID.",
    "patient_id": "The patient whose data are meant.",
    "session_id": "The session that was reported on.",
}
"""What parameters in addresses mean, unless the route says it."""
PROBLEM_TYPES: Final = """\
What kind of problem it is. The server explains each at this address, and docs/problems.md lists
all. New kinds may be added: a client treats one that it doesn't know by its `status`."""
FAULTS: Final = """\
What is wrong with a member or parameter. docs/problems.md explains each. New codes may be added: a
client treats one that it doesn't know as an invalid value."""


def _open(enum: str) -> dict[str, object]:
    """Return the schema of a text that is one of an enum's values, or one that is added later.

    A client that was generated before then would refuse a value outside a closed enum.
    """
    return {"anyOf": [{"$ref": REFERENCE.format(model=enum)}, {"type": "string"}]}


PROBLEM_SCHEMA: Final = {
    "type": "object",
    "description": "Why a request failed (RFC 9457). Which other members stand in it depends on"
    " `type`.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {
            **_open("ProblemType"),
            "description": "The kind of problem, as an address below that of the server.",
        },
        "title": {
            "type": "string",
            "description": "The kind of problem in a few words, the same each time.",
        },
        "status": {"type": "integer", "description": "The HTTP status of the answer, again."},
        "detail": {
            "type": "string",
            "description": "What went wrong this time, for a person to read.",
        },
        "request_id": {
            "type": "string",
            "description": "The id of the request, for the clinic's administrator and for support.",
        },
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
            "description": "The first 100 faults of the request, each with its place.",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901)."},
                    "code": {
                        **_open("FaultCode"),
                        "description": "What is wrong, as a word for programs.",
                    },
                    "detail": {
                        "type": "string",
                        "description": "What is wrong, as a sentence. It never quotes the value.",
                    },
                    "suggestions": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "The nearest words of the vocabulary, the likeliest first;"
                        " absent where there are none.",
                    },
                    "in": {
                        "title": "FaultPlace",
                        "type": "string",
                        "enum": ["query", "path", "header"],
                        "description": "The part of the request; absent for the body.",
                    },
                    "line": {
                        "type": "integer",
                        "description": "The line of the file that is imported, counted from 1.",
                    },
                },
            },
        },
    },
}


class _BodySchema(GenerateJsonSchema):
    """The schema of bodies: a member that may be absent may also be null, and has no `default`.

    Generated clients would demand a member with a `default`.
    """

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Allow null where there is a default."""
        described = super().default_schema(schema)
        default = {"default": described.pop("default")} if "default" in described else {}
        return self.get_union_of_schemas([described, {"type": "null"}]) | default

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Describe the members, and say what it means to leave one out, in words."""
        described = super().model_schema(schema)
        _describe_members(described, descriptions.in_request(schema["cls"]))
        for member in described.get("properties", {}).values():
            _say_default(member, member.pop("default", None))
        return described


def _describe_members(schema: JsonSchemaValue, texts: Mapping[str, str]) -> None:
    """Give the members of a schema their descriptions, unless they have one."""
    for name, member in schema.get("properties", {}).items():
        if name in texts and not member.get("description"):
            member["description"] = texts[name]


def _say_default(member: JsonSchemaValue, default: object) -> None:
    """Add a member's default to its description, unless it is null or empty, or stands there."""
    text = member.get("description", "")
    if default not in (None, "", [], {}) and LEFT_OUT not in text:
        value = default if isinstance(default, str) else json.dumps(default)
        member["description"] = f"{text} {LEFT_OUT}, it is `{value}`.".strip()


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document. It is cached on the app."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            contact=app.contact,
            license_info=app.license_info,
            servers=app.servers,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        for operations in schema["paths"].values():
            for operation in operations.values():
                _complete(operation)
        components = schema.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        schemas.update(_of_bodies(set(_bodies(app))))
        schemas["ProblemType"] = {
            "type": "string",
            "enum": [kind.type() for kind in catalogue()],
            "description": PROBLEM_TYPES,
        }
        schemas["FaultCode"] = {
            "type": "string",
            "enum": list(FAULT_CODES),
            "description": FAULTS,
        }
        schemas["Problem"] = _with_named_enums(PROBLEM_SCHEMA, schemas)
        schema["paths"] = _with_named_enums(schema["paths"], schemas)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        _describe_answers(app, schemas)
        _describe_parameters(app, schema["paths"])
        used = _headers(schema["paths"])
        components["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in HEADERS.items()
            if name in used
        }
        components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        add_examples(schema["paths"])
        app.openapi_schema = schema
    return app.openapi_schema


def _headers(paths: dict[str, Any]) -> set[str]:
    """Return the names of the headers that the answers of operations have."""
    return {
        name
        for operations in paths.values()
        for operation in operations.values()
        for answer in operation["responses"].values()
        for name in answer.get("headers", ())
    }


def _of_bodies(bodies: set[type[BaseModel]]) -> dict[str, Any]:
    """Return the schemas of bodies and of the parts inside them, by name."""
    patches = {body for body in bodies if issubclass(body, MergePatch)}
    whole = (bodies - patches) | {patch.of for patch in patches}
    _, definitions = models_json_schema(
        [(model, "validation") for model in sorted(whole, key=lambda model: model.__name__)],
        ref_template=REFERENCE,
        schema_generator=_BodySchema,
    )
    schemas: dict[str, Any] = definitions["$defs"]
    # In the order of their names, so that the document is the same each time.
    names = sorted(patch.of.__name__ for patch in patches)
    described = [patch_schemas(name, schemas) for name in names]
    found = {name: one for some in (schemas, *described) for name, one in some.items()}
    # A patch has its own form of a body and of the objects inside it.
    return _needed(found, {body.__name__ for body in bodies})


def _needed(schemas: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the schemas with these names, and those that they refer to."""
    needed: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += _REFERENCES.findall(json.dumps(schemas[name]))
    return {name: one for name, one in schemas.items() if name in needed}


def _bodies(app: FastAPI) -> Iterator[type[BaseModel]]:
    for route in _routes(app):
        if route.signature.body:
            yield route.signature.body


def _routes(app: FastAPI) -> Iterator[Route]:
    return (r for r in app.routes if isinstance(r, Route) and r.include_in_schema)


def _describe_answers(app: FastAPI, schemas: dict[str, Any]) -> None:
    """Describe the members of answers, and the vocabularies."""
    types: dict[str, Any] = {}
    for route in app.routes:
        if isinstance(route, APIRoute):
            descriptions.types_in(route.response_model, types)
            for field in route.dependant.query_params:
                descriptions.types_in(field.field_info.annotation, types)
            for response in route.responses.values():
                descriptions.types_in(response.get("model"), types)
    for body in _bodies(app):
        of = body.of if issubclass(body, MergePatch) else body
        descriptions.types_in(of, types)
    bodies = [one for name, one in types.items() if name.endswith("Body")]
    for name in types.keys() & schemas.keys():
        if isinstance(types[name], TypeAliasType):
            schemas[name]["description"] = descriptions.of_vocabulary(types[name])
        else:
            _describe_members(schemas[name], descriptions.in_answer(types[name], bodies))


def _describe_parameters(app: FastAPI, paths: dict[str, Any]) -> None:
    """Describe the query parameters that their fields leave without a description."""
    for route in _routes(app):
        texts: dict[str, str] = {}
        for field in route.dependant.query_params:
            annotation = field.field_info.annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                texts |= descriptions.of_parameters(annotation)
        operation = paths[route.path_format]["".join(route.methods or ()).lower()]
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and not parameter["description"]:
                parameter["description"] = texts.get(parameter["name"], "")
            elif parameter["in"] == "path":
                parameter.setdefault("description", PATH.get(parameter["name"], ""))


def _with_named_enums(part: Any, schemas: dict[str, Any]) -> Any:
    """Return a part in which each enum with a title is a reference to the schema of that name.

    Pydantic does this for vocabularies. It remains to be done for schemas that are written by hand.
    """
    if isinstance(part, list):
        return [_with_named_enums(one, schemas) for one in part]
    if not isinstance(part, dict):
        return part
    if "enum" in part and "title" in part:
        named = {word: part[word] for word in ("type", "enum", "description") if word in part}
        if schemas.setdefault(part["title"], named)["enum"] != part["enum"]:
            raise ValueError(f"There are two vocabularies with the name {part['title']}.")
        reference = {"$ref": REFERENCE.format(model=part["title"])}
        return reference | {word: part[word] for word in ("description",) if word in part}
    return {word: _with_named_enums(inner, schemas) for word, inner in part.items()}


def _complete(operation: dict[str, Any]) -> None:
    """Describe the query parameters of an operation, and mark its files as bytes.

    A text in an answer stays a string: generated clients decode it.
    A body that may be left out is not required. It states no default, as its members don't.
    """
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if content["schema"].pop("default", None) is not None:
            operation["requestBody"]["required"] = False
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query":
            _describe(parameter)
    for part in (operation.get("requestBody", {}), *operation["responses"].values()):
        for media, content in part.get("content", {}).items():
            if media in FILES:
                content["schema"] = {"type": "string", "format": "binary"}


def _describe(parameter: dict[str, Any]) -> None:
    """Give a query parameter a description, and a schema without null."""
    schema = {name: part for name, part in parameter["schema"].items() if name != "title"}
    parameter["schema"] = _not_null(schema)
    described = parameter["schema"].pop("description", "")
    parameter.setdefault("description", described)


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Remove null: a query parameter is absent or has a value."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    rest = {k: v for k, v in schema.items() if k not in {"anyOf", "default"} or v is not None}
    if len(kinds) != 1:
        return rest
    return {**{k: v for k, v in rest.items() if k != "anyOf"}, **kinds[0]}
