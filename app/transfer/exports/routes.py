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
from app.transfer.exports.formats import CSV_MEDIA, EXCEL, FORMATS
from app.transfer.exports.package import FILE, package
from app.transfer.exports.schemas import ExportFilters, PackageFilters
from app.transfer.exports.service import export

routes = Routes("/v1/exports", "exports")

Named = Annotated[str, Path(json_schema_extra={"enum": list(BY_NAME)})]
Formed = Annotated[str, Path(json_schema_extra={"enum": list(FORMATS)})]
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
    problems=(NotFound,),
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
    patient in it gets an entry in the ledger, which `disclosures` shows.
    """
    found, form = BY_NAME.get(dataset), FORMATS.get(format)
    if found is None or form is None:
        raise NotFound
    if filters.excel and form.name != EXCEL.name:
        raise Invalid([NOT_CSV], "query")
    form = EXCEL if filters.excel else form
    return Stream(export(database, op, found, form), form.media, f"{dataset}.{format}")
