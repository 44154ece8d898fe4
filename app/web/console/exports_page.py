"""`/console/exports`: the clinic's data as files to download."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse, Response

from app.core.http.authorize import Authorize
from app.core.http.routing import Route, TheDatabase
from app.core.http.streams import streamed
from app.core.operation import Operation
from app.transfer.exports.datasets import DATASETS
from app.transfer.exports.downloads import download
from app.transfer.exports.folder import RECORDS_FILE
from app.transfer.exports.formats import PARQUET
from app.transfer.exports.parquet import is_installed
from app.transfer.exports.research import is_possible
from app.transfer.exports.schemas import ExportFilters
from app.web.console import pages
from app.web.console.browsers import by_cookie
from app.web.console.framing import framed
from app.web.console.who import EXPORTS

PAGE: Final = pages.HOME + EXPORTS.path
FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("csv", "CSV"),
    ("csv?excel=true", "CSV for Excel"),
    ("ndjson", "NDJSON"),
    ("parquet", "Parquet"),
)
"""The forms of a table: what follows its name in the address, and the words for it."""
IN_WORDS: Final[Mapping[str, str]] = {
    "patients": "Who the patients are and how to reach them, one per row.",
    "practitioners": "Who treats, one per row.",
    "progress": "How much each measure of a patient changed, as the chart says it. One row covers"
    " the whole history, and one row each episode.",
}
"""What a table has, in plain words. The API describes the other tables in such words already."""
DEIDENTIFIED: Final = ("csv?deidentified=true", "De-identified (CSV)")

router = APIRouter(prefix=PAGE, include_in_schema=False, route_class=Route)
Exporting = Annotated[Operation, Depends(Authorize(*EXPORTS.scopes, identify=by_cookie))]


class Shown(NamedTuple):
    """A table that can be downloaded, as the page shows it."""

    name: str
    about: str


@router.get("", operation_id="console.exports")
def exports(op: Exporting) -> HTMLResponse:
    """Show what can be downloaded, with a sentence each."""
    forms = [each for each in FORMS if each[0] != PARQUET or is_installed()]
    can_hide = is_possible(op.clinic_id)
    forms += [DEIDENTIFIED] if can_hide else []
    listed = [Shown(each.name, IN_WORDS.get(each.name, each.about)) for each in DATASETS]
    values = {"forms": forms, "can_hide": can_hide, "records": RECORDS_FILE}
    return framed("exports.html", op, datasets=listed, **values)


@router.get("/{dataset}.{format}", operation_id="console.export")
async def one_export(
    op: Exporting,
    database: TheDatabase,
    dataset: str,
    format: str,  # noqa: A002 - the word of the API
    filters: Annotated[ExportFilters, Query()],
) -> Response:
    """Download a dataset, with the ledger entries that the API leaves."""
    return await streamed(partial(download, op, database, dataset, format, filters), op.clinic_id)
