"""The schemas of the OpenAPI document are such that code generators make good clients of them."""

from collections.abc import Iterator
from typing import Any

from tests.sweeps.document import document

KEYWORDS = {
    *("$ref", "type", "format", "enum", "const", "anyOf", "oneOf", "items", "prefixItems"),
    *("properties", "required", "additionalProperties", "propertyNames", "minProperties"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems"),
    *("title", "description", "default", "examples", "deprecated"),
}
"""The words of JSON Schema (2020-12) that the document uses."""


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in the document, with its place: also the ones inside others."""
    for name, schema in document()["components"]["schemas"].items():
        yield from within(schema, name)
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            yield from _under(operation, f"{method} {path}")


def _under(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a part of an operation."""
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if step == "schema":
            yield from within(inner, place)
        elif isinstance(inner, dict | list):
            yield from _under(inner, f"{place}/{step}")


def within(schema: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and the schemas inside it, without following references."""
    yield place, schema
    for name, member in schema.get("properties", {}).items():
        yield from within(member, f"{place}/{name}")
    for word in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(word), dict):
            yield from within(schema[word], f"{place}/{word}")
    for word in ("anyOf", "oneOf", "prefixItems"):
        for number, part in enumerate(schema.get(word, ())):
            yield from within(part, f"{place}/{word}/{number}")


def test_schemas_use_only_words_of_json_schema() -> None:
    strange = {place: words for place, s in schemas() if (words := s.keys() - KEYWORDS)}
    assert strange == {}
