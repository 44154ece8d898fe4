"""`/v1/exports`."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route, TheDatabase
from app.core.http.streams import streamed
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.transfer.exports.datasets import BY_NAME, DATASETS
from app.transfer.exports.downloads import download
from app.transfer.exports.errors import NoParquet, NoResearchKey
from app.transfer.exports.formats import CSV_MEDIA, FORMATS
from app.transfer.exports.package import FILE, package
from app.transfer.exports.records import NAME as RECORDS
from app.transfer.exports.research import deidentified, secret
from app.transfer.exports.schemas import ExportFilters, PackageFilters

router = APIRouter(prefix="/v1/exports", tags=["exports"], route_class=Route)
Exporting = Annotated[Operation, Depends(Authorize(Scope.EXPORTS_READ))]

# Unlike a `Literal`, another word in the path is 404, not 422.
Named = Annotated[
    str,
    Path(
        title="ExportDataset",
        description="What the file contains.",
        json_schema_extra={"enum": [*BY_NAME, RECORDS]},
    ),
]
Formed = Annotated[
    str,
    Path(
        title="ExportFormat",
        description="The format of an exported file.",
        json_schema_extra={"enum": list(FORMATS)},
    ),
]


class Csv(Response):
    """A CSV answer."""

    media_type = CSV_MEDIA


@router.get(f"/{FILE}", operation_id="exports.package", responses=documented(NoResearchKey))
def describe(op: Exporting, filters: Annotated[PackageFilters, Query()]) -> Answer[dict[str, Any]]:
    """Describe all datasets for programs, as a Frictionless Data Package (version 2).

    It has fields, types, constraints, primary and foreign keys.
    """
    form = FORMATS[filters.format]
    key = secret(op.clinic_id) if filters.deidentified else None
    shown = DATASETS if key is None else [deidentified(dataset, key) for dataset in DATASETS]
    return Answer(package(op, shown, form))


@router.get(
    "/{dataset}.{format}",
    operation_id="exports.read",
    response_class=Csv,
    responses=documented(
        NotFound,
        NoParquet,
        NoResearchKey,
        media=sorted({form.media for form in FORMATS.values()} - {CSV_MEDIA}),
    ),
)
async def read(
    op: Exporting,
    database: TheDatabase,
    dataset: Named,
    format: Formed,  # noqa: A002 - the contract's own word
    filters: Annotated[ExportFilters, Query()],
) -> Response:
    """Download a dataset as a table.

    The rows are in the order of their key, and all are of one moment. Before the first byte, each
    patient in the table gets an access entry in the ledger, which `disclosures` shows.
    `records.ndjson` has all records in the form and order that an import takes.
    """
    return await streamed(partial(download, op, database, dataset, format, filters), op.clinic_id)
