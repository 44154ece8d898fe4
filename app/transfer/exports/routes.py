"""`/v1/exports`."""

from typing import Annotated

from fastapi import Path

from app.core.access import Scope
from app.core.database import Database
from app.core.faults import Fault
from app.core.operation import Operation
from app.core.problems import Invalid, NotFound
from app.core.routing import Answer, Routes
from app.core.streams import Stream
from app.transfer.exports.datasets import BY_NAME, DATASETS
from app.transfer.exports.errors import NoParquet
from app.transfer.exports.formats import CSV_MEDIA, EXCEL, FORMATS
from app.transfer.exports.package import FILE, package
from app.transfer.exports.parquet import check_installed
from app.transfer.exports.records import NAME as RECORDS
from app.transfer.exports.schemas import ExportFilters, PackageFilters
from app.transfer.exports.service import export, export_records
from app.transfer.rows import NDJSON

routes = Routes("/v1/exports", "exports")

Named = Annotated[str, Path(json_schema_extra={"enum": [*BY_NAME, RECORDS]})]
Formed = Annotated[str, Path(json_schema_extra={"enum": list(FORMATS)})]
PARQUET = "parquet"
NOT_CSV = Fault("/excel", "not_csv", "Excel reads CSV: ask for that, or leave this out.")


@routes.get(f"/{FILE}", name="exports.package", scope=Scope.EXPORTS_READ, view=dict)
def describe(op: Operation, filters: PackageFilters) -> Answer:
    """Describe every dataset to a machine.

    A Frictionless Data Package (version 2): fields, types, constraints, primary and foreign keys.
    """
    form = FORMATS[filters.format]
    media = {"format": form.name, "mediatype": form.media.partition(";")[0]}
    return Answer(package(op, DATASETS, media))


@routes.stream(
    "/{dataset}.{format}",
    name="exports.read",
    scope=Scope.EXPORTS_READ,
    media=CSV_MEDIA,
    medias=sorted({form.media for form in FORMATS.values()} - {CSV_MEDIA}),
    problems=(NotFound, NoParquet),
)
def read(
    op: Operation,
    database: Database,
    dataset: Named,
    format: Formed,  # noqa: A002 - the contract's own word
    filters: ExportFilters,
) -> Stream:
    """Download a dataset as a table.

    One row each, in the order of its key, all as it was at one moment. Before the first byte, each
    patient in it gets an entry in the ledger, which `disclosures` shows. `records.ndjson` is every
    record in the form and order that an import takes.
    """
    if (dataset, format) == (RECORDS, "ndjson"):
        _check_csv(filters, format)
        return Stream(export_records(database, op), NDJSON, f"{dataset}.{format}")
    found, form = BY_NAME.get(dataset), FORMATS.get(format)
    if found is None or form is None:
        raise NotFound
    _check_csv(filters, format)
    if form.name == PARQUET:
        check_installed()
    form = EXCEL if filters.excel else form
    return Stream(export(database, op, found, form), form.media, f"{dataset}.{format}")


def _check_csv(filters: ExportFilters, form: str) -> None:
    if filters.excel and form != EXCEL.name:
        raise Invalid([NOT_CSV], "query")
