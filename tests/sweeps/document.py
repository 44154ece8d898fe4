"""The OpenAPI document, as the sweeps use it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs
from httpx2 import Response

from app.core.db.database import Database
from app.main import create_app

PROBLEM = "application/problem+json"
NEED_NO_SCOPE = {"me.read"}
"""The operations that every valid token may call: each of them is named here."""


@dataclass(frozen=True)
class Documented:
    """One operation, and what the document says about it."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec["operationId"])

    @property
    def scopes(self) -> list[str]:
        return [scope for way in self.spec.get("security", ()) for scope in way["bearer"]]

    @property
    def writes(self) -> bool:
        return bool(self.scopes) and not any(scope.endswith(":read") for scope in self.scopes)

    @property
    def needs_version(self) -> bool:
        return bool(self.parameters("header").get("If-Match", {}).get("required"))

    @property
    def creates(self) -> bool:
        return self.body_model is not None and "201" in self.spec["responses"]

    @property
    def media(self) -> list[str]:
        return list(self.spec.get("requestBody", {}).get("content", ()))

    @property
    def body_model(self) -> str | None:
        """The name of the schema of its JSON body."""
        content = self.spec.get("requestBody", {}).get("content", {})
        reference = content.get("application/json", {}).get("schema", {}).get("$ref")
        return None if reference is None else reference.rpartition("/")[2]

    @property
    def patches(self) -> bool:
        """Whether it takes a merge patch."""
        return "application/merge-patch+json" in self.media

    def parameters(self, place: str) -> dict[str, dict[str, Any]]:
        return {p["name"]: p for p in self.spec.get("parameters", ()) if p["in"] == place}


@lru_cache
def document() -> dict[str, Any]:
    """The document, made without a database."""
    return create_app(Database("sqlite:///var/never-opened.db")).openapi()


@lru_cache
def operations() -> tuple[Documented, ...]:
    """Every operation of `/v1`."""
    return tuple(
        Documented(method.upper(), path, documented)
        for path, item in document()["paths"].items()
        for method, documented in item.items()
        if path.startswith("/v1/")
    )


def code_samples(language: str) -> dict[str, str]:
    """The code samples of the document in one language, by the name of their operation.

    `language` is as in the document: `Shell`, `Python` or `TypeScript`.
    """
    return {
        spec["operationId"]: sample["source"]
        for item in document()["paths"].values()
        for spec in item.values()
        for sample in spec["x-codeSamples"]
        if sample["lang"] == language
    }


def resolved(schema: Any) -> dict[str, Any]:
    """A schema without its reference and without null."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        else:
            schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
    return dict(schema)


@lru_cache(maxsize=512)
def _validator(reference: str) -> jsonschema_rs.Draft202012Validator:
    whole = {"$ref": reference, "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def undocumented(operation: Documented, answer: Response) -> str | None:
    """How an answer differs from the document, or None if it conforms."""
    documented = operation.spec["responses"].get(str(answer.status_code))
    if documented is None:
        return f"status {answer.status_code} {answer.text[:300]}"
    kind = answer.headers.get("content-type", "")
    if "content" not in documented:
        return None if answer.content == b"" else f"a body where none is documented: {kind}"
    if kind not in documented["content"]:
        return f"content type {kind!r}"
    if kind == PROBLEM:
        code = answer.json()["type"].rpartition("/")[2]
        if f"`{code}`" not in documented["description"]:
            return f"problem {code}"
    schema = documented["content"][kind].get("schema", {})
    errors = _validator(schema["$ref"]).iter_errors(answer.json()) if "$ref" in schema else ()
    first = next(iter(errors), None)
    return None if first is None else f"{first.instance_path}: {first.message}"
