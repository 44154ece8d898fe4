"""The schemas of the OpenAPI document are such that code generators make good clients of them."""

import re
from collections.abc import Iterator
from typing import Any

from app.core.values.fault_codes import FAULT_CODES
from app.core.values.problems import catalogue
from tests.sweeps.document import document, operations

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


def specs() -> Iterator[dict[str, Any]]:
    """Every operation, with those outside `/v1`."""
    for item in document()["paths"].values():
        yield from item.values()


def _under(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a part of an operation, except in examples."""
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if step == "example":
            continue
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


def reached(part: Any, names: set[str]) -> set[str]:
    """Add the names of the schemas that a part of the document refers to, also indirectly."""
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
        if name in document()["components"]["schemas"] and name not in names:
            names.add(name)
            reached(document()["components"]["schemas"][name], names)
    for inner in part.values() if isinstance(part, dict) else part:
        if isinstance(inner, dict | list):
            reached(inner, names)
    return names


def of_requests() -> set[str]:
    """The names of the schemas of request bodies."""
    return reached([spec.get("requestBody", {}) for spec in specs()], set())


def of_answers() -> set[str]:
    """The names of the schemas of answers."""
    return reached([spec["responses"] for spec in specs()], set())


def members(names: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The members of objects with these schemas."""
    for name in names:
        for member, schema in (
            document()["components"]["schemas"][name].get("properties", {}).items()
        ):
            yield f"{name}/{member}", schema


def test_every_schema_is_used() -> None:
    used = reached(list(document()["paths"].values()), set())
    assert set(document()["components"]["schemas"]) == used


def test_requests_state_no_default() -> None:
    """Generated types would demand a member that has one."""
    assert [place for place, schema in members(of_requests()) if "default" in schema] == []


def test_a_request_says_what_it_means_to_leave_a_member_out() -> None:
    schemas = document()["components"]["schemas"]
    said = schemas["SessionBody"]["properties"]["attendance"]["description"]
    assert said.endswith(" If you leave it out, it is `attended`.")
    said = schemas["AdverseEventBody"]["properties"]["close_call"]["description"]
    assert said.endswith(" If you leave it out, it is `false`.")
    said = schemas["SessionBody"]["properties"]["episode_id"]["description"]
    assert "leave it out" not in said
    answers = [place for place, m in members(of_answers()) if "leave it out" in m["description"]]
    assert answers == []


def test_in_an_answer_every_member_is_there_and_has_a_type() -> None:
    answers = of_answers() - {"Problem"}
    schemas = document()["components"]["schemas"]
    optional = {
        name: missing
        for name in answers
        if (
            missing := schemas[name].get("properties", {}).keys()
            - schemas[name].get("required", [])
        )
    }
    assert optional == {}
    typed = {"type", "$ref", "anyOf", "const"}
    loose = [p for p, s in members(answers) if "default" in s or not typed & s.keys()]
    assert loose == []


def test_requests_and_answers_share_only_vocabularies() -> None:
    shared = of_requests() & of_answers()
    schemas = document()["components"]["schemas"]
    assert [name for name in shared if "enum" not in schemas[name]] == []


def test_schemas_are_named_in_plain_words() -> None:
    """Neither paths of modules nor FastAPI's suffixes stand in a name, and none has a number."""
    names = document()["components"]["schemas"]
    assert [name for name in names if not re.fullmatch(r"([A-Z][a-z]+)+", name)] == []
    assert [name for name in names if name.endswith(("Input", "Output"))] == []
