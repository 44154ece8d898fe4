"""The recorded examples, and how they are added to the operations of the OpenAPI document."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.core.http.examples.samples import Sample, samples

FOLDER: Final = Path(__file__).parent / "recorded"


class Example(NamedTuple):
    """A request to one operation and its answer, as an application sent and answered them."""

    path: Mapping[str, str]
    """The parameters of the path."""
    query: Mapping[str, str]
    """The parameters of the query that the operation requires."""
    headers: Mapping[str, str]
    """The headers that the operation requires, without `Authorization` and `Content-Type`."""
    bodies: Mapping[str, Any]
    """The body by media type: JSON or a form as its value, anything else as text."""
    status: int
    answers: Mapping[str, Any]
    """The answer by media type, likewise. Binary files are left out."""


def file_of(operation_id: str) -> Path:
    """Return the file that holds the example of an operation."""
    return FOLDER / f"{operation_id}.json"


def recorded(operation_id: str) -> Example | None:
    """Return the example of an operation, or None if nothing was recorded."""
    file = file_of(operation_id)
    return Example(**json.loads(file.read_text("utf-8"))) if file.exists() else None


def add_examples(paths: Mapping[str, Any]) -> None:
    """Add the recorded examples and the code samples to the operations of a document."""
    for path, operations in paths.items():
        for method, operation in operations.items():
            example = recorded(operation["operationId"])
            if example is not None:
                _add(operation, example)
                operation["x-codeSamples"] = samples(sample(method, path, operation, example))


def _add(operation: dict[str, Any], example: Example) -> None:
    request = operation.get("requestBody", {}).get("content", {})
    answer = operation["responses"][str(example.status)].get("content", {})
    for content, values in ((request, example.bodies), (answer, example.answers)):
        for media, value in values.items():
            content[media]["example"] = value


def sample(method: str, path: str, operation: Mapping[str, Any], example: Example) -> Sample:
    """Return what the code samples of an operation show: its first body, and how it is answered."""
    media, body = next(iter(example.bodies.items()), (None, None))
    answers = operation["responses"][str(example.status)].get("content", {})
    integers = {
        parameter["name"]
        for parameter in operation.get("parameters", ())
        if parameter["schema"].get("type") == "integer"
    }

    def typed(given: Mapping[str, str]) -> dict[str, str | int]:
        return {n: int(value) if n in integers else value for n, value in given.items()}

    return Sample(
        method=method.upper(),
        path=path,
        parameters=typed(example.path),
        query=typed(example.query),
        headers=example.headers,
        media=media,
        body=body,
        answer=next(iter(example.answers or answers), None),
        needs_token=bool(operation["security"]),
    )
