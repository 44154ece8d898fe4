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
    # A created record is compared with the one that is read: it has this only if there are some.
    assert optional == {
        "CreatedPatientView": {"possible_duplicates"},
        "CreatedSessionView": {"possible_duplicates"},
    }
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


def test_every_enum_has_a_name() -> None:
    """Generated clients would number the types of enums inside other schemas."""
    named = document()["components"]["schemas"]
    assert [place for place, schema in schemas() if "enum" in schema and place not in named] == []
    assert {"Side", "Release", "Technique", "ExportFormat", "GrantType"} <= named.keys()


def test_an_enum_that_may_be_null_refers_to_its_name() -> None:
    grasp = document()["components"]["schemas"]["NeedlingView"]["properties"]["grasp"]
    assert grasp["anyOf"] == [{"$ref": "#/components/schemas/Grasp"}, {"type": "null"}]


def test_no_enum_holds_null_or_mixes_types() -> None:
    words = {
        name: {type(word) for word in schema["enum"]}
        for name, schema in schemas()
        if "enum" in schema
    }
    assert {name for name, types in words.items() if types != {str}} == set()


def test_every_patch_has_a_schema_of_its_own() -> None:
    patched = {o.name: set(o.media) for o in operations() if o.method == "PATCH"}
    assert set(map(frozenset, patched.values())) == {
        frozenset({"application/json", "application/merge-patch+json"})
    }
    names = [o.body_model for o in operations() if o.method == "PATCH"]
    assert all(name and name.endswith("Patch") for name in names)
    assert len(set(names)) == len(names)


def test_every_member_of_a_patch_may_be_absent_or_null() -> None:
    patches = {name for name in of_requests() if name.endswith("Patch")}
    schemas = document()["components"]["schemas"]
    assert [name for name in patches if schemas[name].get("required")] == []
    null = {"type": "null"}
    assert [place for place, member in members(patches) if null not in member["anyOf"]] == []


def test_a_patch_merges_objects_and_replaces_lists() -> None:
    session = document()["components"]["schemas"]["SessionPatch"]["properties"]
    assert {"$ref": "#/components/schemas/NeedleCountPatch"} in session["needle_count"]["anyOf"]
    needlings = session["needlings"]["anyOf"][0]
    assert needlings["items"] == {"$ref": "#/components/schemas/NeedlingBody"}
    assert "id" not in session


def test_the_changes_of_an_amendment_are_described_as_a_patch_of_the_session() -> None:
    changes = document()["components"]["schemas"]["AmendBody"]["properties"]["changes"]
    assert changes["$ref"] == "#/components/schemas/SessionPatch"


def test_files_are_binary_and_texts_in_answers_are_strings() -> None:
    loose: dict[str, Any] = {}
    for operation in operations():
        parts = [operation.spec.get("requestBody", {}), *operation.spec["responses"].values()]
        for media, content in (
            (m, c) for part in parts for m, c in part.get("content", {}).items()
        ):
            if "json" not in media.replace("ndjson", ""):
                loose.setdefault(media, content["schema"])
                assert content["schema"] == loose[media], operation.name
    texts = {
        "image/svg+xml",
        *(f"text/{kind}; charset=utf-8" for kind in ("plain", "markdown", "html", "csv")),
    }
    files = {
        *("application/pdf", "application/vnd.apache.parquet", "application/x-ndjson"),
        *("application/zip", "text/csv"),
    }
    text = {"type": "string"}
    file = {"type": "string", "format": "binary"}
    assert loose == dict.fromkeys(texts, text) | dict.fromkeys(files, file)


def test_every_operation_has_one_tag_that_the_document_describes() -> None:
    described = {tag["name"]: tag["description"] for tag in document()["tags"]}
    assert all(described.values())
    assert {tuple(spec["tags"]) for spec in specs()} == {(name,) for name in described}


def test_every_operation_says_whether_it_needs_a_token() -> None:
    open_to_all = {spec["operationId"] for spec in specs() if spec["security"] == []}
    assert open_to_all == {"tokens.create"}


def test_the_document_says_whose_it_is_and_where_it_is_served() -> None:
    assert document()["info"]["license"]["identifier"] == "Apache-2.0"
    assert document()["info"]["contact"]["name"]
    assert document()["servers"] == [{"url": "/"}]


def test_every_type_of_problem_is_named() -> None:
    named = document()["components"]["schemas"]["ProblemType"]["enum"]
    assert named == [f"/problems/{kind.code}" for kind in catalogue()]
    described = {
        f"/problems/{code}"
        for spec in specs()
        for answer in spec["responses"].values()
        if "application/problem+json" in answer.get("content", {})
        for code in re.findall(r"`([a-z-]+)`: ", answer["description"])
    }
    assert described <= set(named)


def test_every_code_of_a_fault_is_named() -> None:
    named = document()["components"]["schemas"]["FaultCode"]["enum"]
    assert named == list(FAULT_CODES)
    assert {"unknown_reference", "missing", "string_too_long"} <= set(named)


def described() -> Iterator[tuple[str, str, str]]:
    """Every schema, member, parameter and operation: place, name or summary, and description."""
    for name, schema in document()["components"]["schemas"].items():
        yield name, schema.get("title", name), schema.get("description", "")
    for place, schema in schemas():
        for name, member in schema.get("properties", {}).items():
            yield f"{place}/{name}", name, member.get("description", "")
    for spec in specs():
        yield spec["operationId"], spec["summary"], spec.get("description", "")
        for parameter in spec.get("parameters", ()):
            name = parameter["name"]
            yield f"{spec['operationId']}?{name}", name, parameter.get("description", "")


def plain_words(text: str) -> str:
    """The words of a text, without what names and sentences differ in."""
    return re.sub(r"^(the|its|an?) ", "", re.sub(r"[\W_]+", " ", text).strip().lower())


def test_everything_has_a_description() -> None:
    assert [place for place, _, text in described() if not text.strip()] == []


def test_no_description_repeats_the_name_or_the_summary() -> None:
    assert [
        place for place, name, text in described() if plain_words(name) == plain_words(text)
    ] == []


def test_descriptions_of_schemas_and_parameters_are_short() -> None:
    operations_ = {spec["operationId"] for spec in specs()}
    long = [place for place, _, text in described() if place not in operations_ and len(text) > 300]
    assert long == []


def test_descriptions_say_nothing_of_cause() -> None:
    """A record holds what was observed. Nobody knows what brought it about."""
    forbidden = re.compile(r"\b(due to|caused by|responds)\b", re.IGNORECASE)
    assert [place for place, _, text in described() if forbidden.search(text)] == []


def test_a_member_of_an_answer_takes_the_description_of_the_request() -> None:
    schemas = document()["components"]["schemas"]
    for request, answer, name in [
        ("EpisodeBody", "EpisodeView", "complaint"),
        ("NeedlingBody", "NeedlingView", "grasp"),
        ("ClientBody", "NewClientView", "name"),
    ]:
        asked = schemas[request]["properties"][name]["description"]
        assert schemas[answer]["properties"][name]["description"] == asked


def test_a_body_that_may_be_left_out_is_not_required_and_states_no_default() -> None:
    optional = {
        operation.name: operation.spec["requestBody"]
        for operation in operations()
        if not operation.spec.get("requestBody", {}).get("required", True)
    }
    assert optional.keys() == {"clients.rotate", "sessions.sign"}
    for body in optional.values():
        [content] = body["content"].values()
        assert content["schema"].keys() == {"$ref"}
