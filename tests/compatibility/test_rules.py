"""Each rule finds the change that it is for, and no rule finds an addition."""

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.compatibility.rules import breaking, essence
from tests.sweeps.document import document

WORD = {"type": "string", "enum": ["a", "b"]}
OLD: dict[str, Any] = {
    "paths": {
        "/x": {
            "post": {
                "operationId": "x.create",
                "security": [{"bearer": ["x:write"]}],
                "parameters": [
                    {"name": "q", "in": "query", "schema": {"type": "integer", "maximum": 9}},
                    {"name": "r", "in": "query", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Body"}},
                        "text/csv": {"schema": {"type": "string"}},
                    }
                },
                "responses": {
                    "201": {
                        "headers": {"ETag": {}},
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/View"}},
                            "text/csv": {"schema": {"type": "string"}},
                        },
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Body": {
                "type": "object",
                "required": ["a"],
                "additionalProperties": False,
                "properties": {
                    "a": {"type": "string", "maxLength": 9},
                    "b": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
                    "word": dict(WORD),
                    "list": {"type": "array", "items": {"type": "string"}},
                },
            },
            "View": {
                "type": "object",
                "required": ["a", "word"],
                "properties": {
                    "a": {"type": "string"},
                    "word": dict(WORD),
                    "open": {**WORD, "description": "New values may be added."},
                    "list": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}
Edit = Callable[[Any], Any]
"""A change of the operation, of the members of the body, or of those of the view."""
BREAKING: list[tuple[Edit, str]] = [
    (lambda x: x.op.update(operationId="y"), "POST /x: its name was x.create"),
    (lambda x: x.op.update(security=[{"bearer": ["y"]}]), "POST /x: it needs y"),
    (lambda x: x.op["parameters"].pop(), "POST /x: the parameter r is gone"),
    (lambda x: x.op["parameters"][1].update(required=True), "POST /x: it needs the parameter r"),
    (
        lambda x: x.op["parameters"].append(
            {"name": "n", "in": "query", "required": True, "schema": {}}
        ),
        "POST /x: it needs the parameter n",
    ),
    (lambda x: x.op["parameters"][0]["schema"].update(maximum=8), "POST /x q: maximum is now 8"),
    (lambda x: x.op["requestBody"].update(required=True), "POST /x: it needs a body"),
    (
        lambda x: x.op["requestBody"]["content"].pop("text/csv"),
        "POST /x body: the media type text/csv is gone",
    ),
    (
        lambda x: x.op["responses"]["201"]["content"].pop("text/csv"),
        "POST /x 201: the media type text/csv is gone",
    ),
    (
        lambda x: x.op["responses"]["201"]["headers"].pop("ETag"),
        "POST /x 201: the header ETag is gone",
    ),
    (
        lambda x: x.op["responses"].update({"200": x.op["responses"].pop("201")}),
        "POST /x: it no longer answers 201",
    ),
    (lambda x: x.body.pop("b"), "Body (request)/b: a request may no longer have it"),
    (lambda x: x.body["b"]["anyOf"].pop(), "Body (request)/b: it may no longer be null"),
    (
        lambda x: x.body["b"]["anyOf"][0].update(minimum=2),
        "Body (request)/b: minimum is now 2",
    ),
    (lambda x: x.body["a"].update(maxLength=8), "Body (request)/a: maxLength is now 8"),
    (lambda x: x.body["a"].update(minLength=1), "Body (request)/a: minLength is now 1"),
    (lambda x: x.body["a"].update(pattern="x"), "Body (request)/a: pattern is now x"),
    (lambda x: x.body["a"].update(enum=["x"]), "Body (request)/a: only some values are left"),
    (lambda x: x.body["a"].update(type="integer"), "Body (request)/a: it may no longer be string"),
    (lambda x: x.body["word"].update(enum=["a"]), "Body (request)/word: the value b is gone"),
    (
        lambda x: x.body["list"]["items"].update(maxLength=2),
        "Body (request)/list/items: maxLength is now 2",
    ),
    (lambda x: x.view.pop("a"), "View (answer)/a: it is gone from the answer"),
    (lambda x: x.view["a"].update(type="integer"), "View (answer)/a: it may now be integer"),
    (
        lambda x: x.view.update(a={"anyOf": [x.view["a"], {"type": "null"}]}),
        "View (answer)/a: it may now be null",
    ),
    (lambda x: x.view["a"].update(format="date"), "View (answer)/a: its format was None"),
    (
        lambda x: x.view["word"].update(enum=["a", "b", "c"]),
        "View (answer)/word: there is a new value c",
    ),
    (lambda x: x.view["word"].pop("enum"), "View (answer)/word: any value is possible"),
    (
        lambda x: x.view["list"]["items"].update(type="integer"),
        "View (answer)/list/items: it may now be integer",
    ),
]
HARMLESS: list[Edit] = [
    lambda x: x.op["parameters"].append({"name": "n", "in": "query", "schema": {}}),
    lambda x: x.op["parameters"][0]["schema"].update(maximum=10),
    lambda x: x.op["responses"].update({"200": {}}),
    lambda x: x.op.update(security=[]),
    lambda x: x.body.update(new={"type": "string"}),
    lambda x: x.body["a"].update(maxLength=10),
    lambda x: x.body["word"].update(enum=["a", "b", "c"]),
    lambda x: x.body.update(a={"anyOf": [x.body["a"], {"type": "null"}]}),
    lambda x: x.view.update(new={"type": "string"}),
    lambda x: x.view["word"].update(enum=["a"]),
    lambda x: x.view["open"].update(enum=["a", "b", "c"]),
]


def edited(edit: Edit) -> dict[str, Any]:
    new = copy.deepcopy(OLD)
    schemas = new["components"]["schemas"]
    edit(
        SimpleNamespace(
            op=new["paths"]["/x"]["post"],
            body=schemas["Body"]["properties"],
            view=schemas["View"]["properties"],
        )
    )
    return new


@pytest.mark.parametrize(("edit", "found"), BREAKING, ids=[found for _, found in BREAKING])
def test_a_rule_finds_its_change(edit: Edit, found: str) -> None:
    assert breaking(OLD, edited(edit)) == [found]


@pytest.mark.parametrize("edit", HARMLESS, ids=range(len(HARMLESS)))
def test_an_addition_breaks_no_client(edit: Edit) -> None:
    assert breaking(OLD, edited(edit)) == []


def test_members_that_become_required_or_optional_are_found() -> None:
    new = copy.deepcopy(OLD)
    new["components"]["schemas"]["Body"]["required"] = ["a", "word"]
    new["components"]["schemas"]["View"]["required"] = ["a"]
    assert breaking(OLD, new) == [
        "Body (request)/word: a request must now have it",
        "View (answer)/word: it may now be absent",
    ]


def test_an_operation_or_a_name_that_is_gone_is_found() -> None:
    new = copy.deepcopy(OLD)
    del new["paths"]["/x"]["post"]
    del new["components"]["schemas"]["View"]
    assert set(breaking(OLD, new)) == {
        "POST /x: the operation is gone",
        "View: the name is gone, which generated clients use",
    }


def test_a_lower_bound_that_is_new_is_found() -> None:
    low = edited(lambda x: x.op["parameters"][0]["schema"].update(minimum=-5))
    assert breaking(OLD, low) == ["POST /x q: minimum is now -5"]


def test_a_document_is_compatible_with_itself_and_texts_do_not_matter() -> None:
    lean = essence(document())
    assert breaking(lean, essence(document())) == []
    assert breaking(lean, document()) == []
    members = lean["components"]["schemas"]["AdverseEventBody"]["properties"]
    assert "description" in members  # a member with this name, not a text
