"""Nothing that people read about patients says why they changed: a new word of cause fails here."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.causes import causal_words
from tests.house.tree import ROOT, place, python_files

SPEAKING = (
    *("app/progress/", "app/outcomes/", "app/summaries/", "app/web/console/"),
    "app/notes/",
)
"""Packages whose messages, pages, pictures and documents are about patients."""
PAGES = (
    *sorted((ROOT / "app/web/console/templates").glob("*.html")),
    *sorted((ROOT / "app/summaries/paper").glob("*.typ")),
    *(ROOT / "app/instruments/data").glob("*.csv"),
    *(ROOT / name for name in ("README.md", "docs/progress.md", "docs/reference-data.md")),
    *(ROOT / name for name in ("docs/glossary.md", "docs/integrator.md")),
)
OPENAPI = ROOT / "tests" / "snapshots" / "openapi.json"
SAID = frozenset({"description", "summary", "title"})
ABOUT = ("progress", "outcomes", "reference", "follow-ups")
"""Tags of the operations that show figures of patients."""


def sentences(path: Path) -> Iterator[str]:
    """The string constants of a module that are more than a code, without comments for readers."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def descriptions(part: object) -> Iterator[str]:
    """All texts for readers in a part of the OpenAPI document."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name in SAID and isinstance(value, str):
                yield value
            else:
                yield from descriptions(value)
    elif isinstance(part, list):
        for value in part:
            yield from descriptions(value)


def test_no_message_page_or_picture_says_why_a_patient_changed() -> None:
    modules = [path for path in python_files() if place(path).startswith(SPEAKING)]
    assert len(modules) > 40
    found = {
        (place(path), word)
        for path in modules
        for sentence in sentences(path)
        for word in causal_words(sentence)
    }
    assert found == set()


@pytest.mark.parametrize("path", PAGES, ids=place)
def test_no_page_says_why_a_patient_changed(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert [
        (number, found) for number, line in enumerate(lines, 1) if (found := causal_words(line))
    ] == []


def test_the_document_of_the_interface_says_of_no_figure_why_it_changed() -> None:
    whole = json.loads(OPENAPI.read_text("utf-8"))
    operations = [
        operation
        for path in whole["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and {*operation.get("tags", ())} & {*ABOUT}
    ]
    assert operations
    figures = [
        schema
        for name, schema in whole["components"]["schemas"].items()
        if name.endswith(("View", "State", "Verdict", "Code"))
    ]
    said = [text for part in (*operations, *figures) for text in descriptions(part)]
    assert {word for text in said for word in causal_words(text)} == set()


@pytest.mark.parametrize(
    "text",
    [
        "Responding since May",
        "Pain was reduced by needling.",
        "an effective treatment",
        "due to needling",
        "more than patients call worthwhile",
        "the exact p",
        "7 of 9 responders",
    ],
)
def test_the_list_finds_what_it_is_for(text: str) -> None:
    assert causal_words(text)


def test_the_list_leaves_what_is_allowed() -> None:
    said = "Important improvement held since May; changed by 3, n = 5. The member `responder`."
    assert causal_words(said) == []
