"""The examples of the document are what the application answers, and fit their schemas."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from app.core.http.examples.recorded import FOLDER
from tests.snapshots.recording import NO_EXAMPLE
from tests.sweeps.document import document


def specs() -> Iterator[dict[str, Any]]:
    """Every operation, with those outside `/v1`."""
    for item in document()["paths"].values():
        yield from item.values()


def contents(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The media types of an operation's body and of its successful answers."""
    yield from spec.get("requestBody", {}).get("content", {}).items()
    for status, answer in spec["responses"].items():
        if status.startswith("2"):
            yield from answer.get("content", {}).items()


@pytest.mark.alike
def test_the_examples_are_what_the_application_answers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.snapshots.recording", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    stored = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    now = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert now.keys() == stored.keys()
    differing = [name for name in now if now[name] != stored[name]]
    assert differing == [], "`make snapshots` records them anew: review the difference"


def test_every_operation_shows_an_answer_of_success() -> None:
    bare = []
    for spec in specs():
        answers = {s: a.get("content", {}) for s, a in spec["responses"].items() if s[0] == "2"}
        shown = [c for contents in answers.values() for c in contents.values() if "example" in c]
        binary = [media in NO_EXAMPLE for contents in answers.values() for media in contents]
        if not shown and not all(binary):
            bare.append(spec["operationId"])
    assert bare == []


def test_a_media_type_without_an_example_has_a_reason() -> None:
    bare = {
        media
        for spec in specs()
        for status, answer in spec["responses"].items()
        if status.startswith("2")
        for media, content in answer.get("content", {}).items()
        if "example" not in content and not media.startswith("application/json")
    }
    assert bare == NO_EXAMPLE.keys()
    assert all(why.endswith(".") for why in NO_EXAMPLE.values())


def test_every_body_has_an_example_in_each_of_its_media_types() -> None:
    bare = {
        (spec["operationId"], media)
        for spec in specs()
        for media, content in spec.get("requestBody", {}).get("content", {}).items()
        if "example" not in content
    }
    assert bare == set()


def test_every_example_fits_its_schema() -> None:
    wrong = []
    for spec in specs():
        for media, content in contents(spec):
            if "example" in content:
                whole = {**content["schema"], "components": document()["components"]}
                validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
                wrong += [
                    f"{spec['operationId']} {media} {error.instance_path}: {error.message}"
                    for error in validator.iter_errors(content["example"])
                ]
    assert wrong == []


def test_a_page_in_an_example_has_one_item() -> None:
    pages = {
        spec["operationId"]: len(example["items"])
        for spec in specs()
        for _, content in contents(spec)
        if isinstance(example := content.get("example"), dict) and "next_cursor" in example
    }
    assert set(pages.values()) == {1}, pages
