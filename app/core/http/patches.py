"""Merge patches (RFC 7396): their bodies, and schemas of what they may change."""

from typing import Any, ClassVar, Final

from pydantic import BaseModel, RootModel
from pydantic.json_schema import JsonSchemaValue

from app.core.http.contract import REFERENCE
from app.core.http.descriptions import LEFT_OUT

FIXED: Final = {"id"}
"""Members of a record that no patch changes."""


class MergePatch(RootModel[dict[str, Any]]):
    """A JSON Merge Patch (RFC 7396): a null removes a member, an absent member stays.

    It is read as it is. What comes out of the merge is checked like a complete body.
    """

    of: ClassVar[type[BaseModel]]
    """The body that it changes."""


_MADE: Final[dict[type[BaseModel], type[MergePatch]]] = {}


def patch_of(body: type[BaseModel]) -> type[MergePatch]:
    """Return the merge patch of records with this body: `SessionPatch` for `SessionBody`.

    It is one class wherever it is used, so that the document describes it once.
    """
    if body not in _MADE:
        namespace = {"__module__": body.__module__, "__doc__": MergePatch.__doc__, "of": body}
        _MADE[body] = type(_name(body.__name__), (MergePatch,), namespace)
    return _MADE[body]


def patch_schemas(body: str, schemas: dict[str, JsonSchemaValue]) -> dict[str, JsonSchemaValue]:
    """Return the schema of the patch of a body, and of the objects inside it, by name.

    Each member may be absent or null. A list is replaced as a whole, an object is merged.
    """
    whole = schemas[body]
    patches: dict[str, JsonSchemaValue] = {}
    members = {}
    for name, member in whole["properties"].items():
        if name not in FIXED:
            inner = _object_in(member, schemas)
            if inner is not None:
                patches |= patch_schemas(inner, schemas)
            members[name] = _optional(member, inner)
    about = f"A JSON Merge Patch (RFC 7396): null removes a member. {whole['description']}"
    described = {"type": "object", "additionalProperties": False, "description": about}
    return patches | {_name(body): described | {"properties": members}}


def _name(body: str) -> str:
    return body.removesuffix("Body") + "Patch"


def _object_in(member: JsonSchemaValue, schemas: dict[str, JsonSchemaValue]) -> str | None:
    """Return the name of the schema of a member that is an object, or an object or null."""
    for choice in (member, *member.get("anyOf", ())):
        name = choice.get("$ref", "").rpartition("/")[2]
        if "properties" in schemas.get(name, {}):
            return str(name)
    return None


def _optional(member: JsonSchemaValue, inner: str | None) -> JsonSchemaValue:
    """Return the schema of a member of a patch, which may be null."""
    words = {word: member[word] for word in ("title", "description") if word in member}
    if "description" in words:
        words["description"] = words["description"].replace(LEFT_OUT, "If you remove it")
    rest = {word: value for word, value in member.items() if word not in words}
    if inner is not None:
        rest = {"$ref": REFERENCE.format(model=_name(inner))}
    choices = rest.get("anyOf", [rest])
    null = {"type": "null"}
    return words | {"anyOf": choices if null in choices else [*choices, null]}
