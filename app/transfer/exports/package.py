"""The description of an export for programs: a Frictionless Data Package (version 2)."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final

from app.core.db.tables import OFFSET
from app.core.operation import Operation
from app.muscles.queries import CATALOGUE_VERSION
from app.transfer.exports.columns import Column, Type
from app.transfer.exports.datasets import REFERENCES, Dataset
from app.transfer.exports.formats import Format

PACKAGE: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
RESOURCE: Final = "https://datapackage.org/profiles/2.0/dataresource.json"
TABLE: Final = "https://datapackage.org/profiles/2.0/tableschema.json"
FILE: Final = "datapackage.json"
TYPES: Final[Mapping[Type, Mapping[str, str]]] = {
    Type.ID: {"type": "string", "format": "uuid"},
    Type.TEXT: {"type": "string"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DATE: {"type": "date"},
    Type.INSTANT: {"type": "datetime"},
    Type.TEXTS: {"type": "array"},
    Type.NUMBERS: {"type": "array"},
    Type.JSON: {"type": "array"},
}
LOCAL: Final = "%Y-%m-%d %H:%M:%S.%f"
"""How a time of the clinic's clock is written, in the terms of Python's `strptime`."""
LOCAL_OFFSET: Final = "The offset of the clinic's clock at that time, in minutes east of UTC."
ITEMS: Final = {Type.TEXTS: "string", Type.NUMBERS: "number", Type.JSON: "object"}


def package(
    op: Operation,
    datasets: Iterable[Dataset],
    form: Format,
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The descriptor of an export. `more` has further members for resources, by their names."""
    described = list(datasets)
    media = {"format": form.name, "mediatype": form.media.partition(";")[0]}
    names = {dataset.name for dataset in described}
    return {
        "$schema": PACKAGE,
        "name": "needlework-export",
        "title": "Records of a dry-needling clinic, by Needlework",
        "created": op.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "version": version("needlework"),
        # The version of the catalogue that the muscles' codes refer to.
        "catalogue_version": CATALOGUE_VERSION,
        "resources": [
            _resource(dataset, names, media, is_local=form.is_local)
            | dict((more or {}).get(dataset.name, {}))
            for dataset in described
        ],
    }


def _resource(
    dataset: Dataset, names: set[str], media: Mapping[str, str], *, is_local: bool
) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "$schema": TABLE,
        "fields": [_field(column, is_local=is_local) for column in dataset.columns],
    }
    if media["format"] == "csv":
        schema["missingValues"] = [""]
    if dataset.key:
        schema["primaryKey"] = list(dataset.key)
    keys = [_foreign(column.name) for column in dataset.columns if column.name in REFERENCES]
    keys = [key for key in keys if key["reference"]["resource"] in names]
    if keys:
        schema["foreignKeys"] = keys
    return {
        "$schema": RESOURCE,
        "name": dataset.name,
        "path": f"{dataset.name}.{media['format']}",
        "type": "table",
        "description": dataset.about,
        **media,
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(column: Column, *, is_local: bool) -> dict[str, Any]:
    limits = {**({"required": True} if column.required else {}), **column.limits}
    if column.type in ITEMS:
        limits["jsonSchema"] = {"type": "array", "items": {"type": ITEMS[column.type]}}
    described: dict[str, Any] = {"name": column.name, **TYPES[column.type]}
    if column.about:
        described["description"] = column.about
    if is_local and column.type is Type.INSTANT:
        described["format"] = LOCAL
    if is_local and column.name.endswith(OFFSET):
        described["description"] = LOCAL_OFFSET
    if limits:
        described["constraints"] = limits
    return described


def _foreign(name: str) -> dict[str, Any]:
    return {"fields": [name], "reference": {"resource": REFERENCES[name], "fields": ["id"]}}
