"""The rules: which changes of an OpenAPI document break a client that worked before. Pure.

In a request, the server must take all that it took. In an answer, it must send nothing that a
client didn't expect.
"""

from collections.abc import Iterator
from math import inf
from typing import Any

Json = dict[str, Any]
OPEN = "may be added"
"""Words in the description of an enum: clients must expect values that they don't know."""
UNNEEDED = {"summary", "tags", "example", "examples", "x-codeSamples", "title", "default"}
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER = {
    "minimum": -inf,
    "exclusiveMinimum": -inf,
    "minLength": 0,
    "minItems": 0,
    "minProperties": 0,
}
"""Each lower limit, and what it is where none is stated."""
FIXED = ("pattern", "format", "multipleOf", "uniqueItems")


def essence(document: Json) -> Json:
    """The parts of a document that clients rely on."""
    paths = {
        path: {
            method: {
                **_lean(operation),
                "responses": {
                    status: _lean(answer)
                    for status, answer in operation["responses"].items()
                    if status.startswith("2")
                },
            }
            for method, operation in item.items()
        }
        for path, item in document["paths"].items()
    }
    schemas = {name: _lean(one) for name, one in document["components"]["schemas"].items()}
    return {
        "openapi": document["openapi"],
        "info": {"version": document["info"]["version"]},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _lean(part: Any, *, names: bool = False) -> Any:
    """A part without what clients don't rely on; `names` if its members are named by the API."""
    if isinstance(part, list):
        return [_lean(one) for one in part]
    if not isinstance(part, dict):
        return part
    lean = {}
    for word, inner in part.items():
        if not names and (word in UNNEEDED or (word == "description" and OPEN not in str(inner))):
            continue
        lean[word] = _lean(inner, names=not names and word in {"properties", "headers", "content"})
    return lean


def breaking(old: Json, new: Json) -> list[str]:
    """Each change from one document to the next that breaks a client, in words."""
    return list(dict.fromkeys(Comparison(old, new).findings()))


class Comparison:
    """Two documents. Each pair of named schemas is compared once for requests and for answers."""

    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = old, new
        self._done: set[tuple[str, str, bool]] = set()

    def findings(self) -> Iterator[str]:
        """Each breaking change, in words."""
        for path, item in self._old["paths"].items():
            for method, operation in item.items():
                place = f"{method.upper()} {path}"
                present = self._new["paths"].get(path, {}).get(method)
                if present is None:
                    yield f"{place}: the operation is gone"
                else:
                    yield from self._operation(place, operation, present)
        for name in _schemas(self._old).keys() - _schemas(self._new).keys():
            yield f"{name}: the name is gone, which generated clients use"

    def _operation(self, place: str, old: Json, new: Json) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{place}: its name was {old['operationId']}"
        if not _scopes(new) <= _scopes(old):
            yield f"{place}: it needs {', '.join(sorted(_scopes(new) - _scopes(old)))}"
        yield from self._parameters(place, old, new)
        body, present = old.get("requestBody", {}), new.get("requestBody", {})
        if present.get("required") and not body.get("required"):
            yield f"{place}: it needs a body"
        yield from self._contents(f"{place} body", body, present, answer=False)
        for status, answer in old["responses"].items():
            if not status.startswith("2"):
                continue
            there = new["responses"].get(status)
            if there is None:
                yield f"{place}: it no longer answers {status}"
                continue
            for header in answer.get("headers", {}).keys() - there.get("headers", {}).keys():
                yield f"{place} {status}: the header {header} is gone"
            yield from self._contents(f"{place} {status}", answer, there, answer=True)

    def _parameters(self, place: str, old: Json, new: Json) -> Iterator[str]:
        before, after = (
            {(each["in"], each["name"]): each for each in part.get("parameters", ())}
            for part in (old, new)
        )
        for key in before.keys() - after.keys():
            yield f"{place}: the parameter {key[1]} is gone"
        for key, parameter in after.items():
            known = before.get(key)
            if parameter.get("required") and not (known and known.get("required")):
                yield f"{place}: it needs the parameter {key[1]}"
            if known:
                where = f"{place} {key[1]}"
                yield from self._schema(where, known["schema"], parameter["schema"], answer=False)

    def _contents(self, place: str, old: Json, new: Json, *, answer: bool) -> Iterator[str]:
        there = new.get("content", {})
        for media, content in old.get("content", {}).items():
            if media not in there:
                yield f"{place}: the media type {media} is gone"
            else:
                one, other = content.get("schema", {}), there[media].get("schema", {})
                yield from self._schema(place, one, other, answer=answer)

    def _schema(self, place: str, old: Json, new: Json, *, answer: bool) -> Iterator[str]:
        """Compare two schemas, alternative by alternative."""
        before = _alternatives(self._old, old)
        after = _alternatives(self._new, new)
        gone = [kind for kind in before if kind not in after and "any" not in after]
        added = [kind for kind in after if kind not in before and "any" not in before]
        # A renamed object is compared with the object that took its place.
        while gone and added and gone[0].startswith("object") and added[0].startswith("object"):
            after[gone.pop(0)] = after.pop(added.pop(0))
        for kind in added if answer else gone:
            yield f"{place}: {'it may now be' if answer else 'it may no longer be'} {kind}"
        for kind in before.keys() & after.keys():
            (one, name), (other, new_name) = before[kind], after[kind]
            if name and (key := (name, new_name, answer)) in self._done:
                continue
            if name:
                self._done.add(key)
            where = f"{name} ({'answer' if answer else 'request'})" if name else place
            yield from self._one(where, one, other, answer=answer)

    def _one(self, place: str, old: Json, new: Json, *, answer: bool) -> Iterator[str]:
        """Compare two schemas of the same type."""
        yield from _values(place, old, new, answer=answer)
        if answer:
            if old.get("format") != new.get("format"):
                yield f"{place}: its format was {old.get('format')}"
            yield from _absent(place, old, new)
        else:
            yield from _limits(place, old, new)
            yield from _demands(place, old, new)
        members, present = old.get("properties", {}), new.get("properties", {})
        for name in members:
            if name in present:
                yield from self._schema(
                    f"{place}/{name}", members[name], present[name], answer=answer
                )
        for word in ("items", "additionalProperties"):
            one, other = old.get(word), new.get(word)
            if isinstance(one, dict) and isinstance(other, dict):
                yield from self._schema(f"{place}/{word}", one, other, answer=answer)


def _schemas(document: Json) -> Json:
    return dict(document.get("components", {}).get("schemas", {}))


def _scopes(operation: Json) -> set[str]:
    """What a caller needs: a token, and scopes."""
    ways = operation.get("security", ())
    return {"a token" for _ in ways} | {scope for way in ways for s in way.values() for scope in s}


def _alternatives(document: Json, schema: Json, name: str = "") -> dict[str, tuple[Json, str]]:
    """The schemas of a union by type, with their names; objects by type and name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _alternatives(document, _schemas(document)[name], name)
    parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if parts:
        found: dict[str, tuple[Json, str]] = {}
        for part in parts:
            found |= _alternatives(document, part)
        return found
    kind = schema.get("type", "any")
    kinds = kind if isinstance(kind, list) else [kind]
    return {f"{one} {name}" if one == "object" and name else one: (schema, name) for one in kinds}


def _values(place: str, old: Json, new: Json, *, answer: bool) -> Iterator[str]:
    """Compare enums and constants."""
    before, after = (_enum(schema) for schema in (old, new))
    if not answer and after is not None:
        lost = [] if before is None else [word for word in before if word not in after]
        yield from (f"{place}: the value {word} is gone" for word in lost)
        if before is None:
            yield f"{place}: only some values are left"
    if answer and before is not None and OPEN not in old.get("description", ""):
        if after is None:
            yield f"{place}: any value is possible"
        for word in after or ():
            if word not in before:
                yield f"{place}: there is a new value {word}"


def _enum(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _limits(place: str, old: Json, new: Json) -> Iterator[str]:
    """A request may have all that it could have."""
    for word in UPPER:
        if new.get(word, inf) < old.get(word, inf):
            yield f"{place}: {word} is now {new[word]}"
    for word, least in LOWER.items():
        if new.get(word, least) > old.get(word, least):
            yield f"{place}: {word} is now {new[word]}"
    for word in FIXED:
        if word in new and new[word] != old.get(word):
            yield f"{place}: {word} is now {new[word]}"


def _demands(place: str, old: Json, new: Json) -> Iterator[str]:
    """A request needs no more members than before, and may have all that it could have."""
    for name in new.get("required", ()):
        if name not in old.get("required", ()):
            yield f"{place}/{name}: a request must now have it"
    if new.get("additionalProperties") is False:
        for name in old.get("properties", {}):
            if name not in new.get("properties", {}):
                yield f"{place}/{name}: a request may no longer have it"
        if old.get("additionalProperties", True) is not False:
            yield f"{place}: unknown members are refused"


def _absent(place: str, old: Json, new: Json) -> Iterator[str]:
    """An answer has all members that it had."""
    for name in old.get("properties", {}):
        if name not in new.get("properties", {}):
            yield f"{place}/{name}: it is gone from the answer"
        elif name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{place}/{name}: it may now be absent"
