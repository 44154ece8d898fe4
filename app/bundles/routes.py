"""`/v1/patients/{patient_id}/everything.zip`, and the same file for the console."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.bundles import service
from app.core.db.database import Database
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.negotiation import wanted_languages
from app.core.http.routing import Route, TheDatabase
from app.core.http.streams import Stream, streamed
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.languages.rules.choice import Language
from app.notes.queries import language_of
from app.notes.schemas import NoteFilters
from app.summaries.routes import in_print_thread
from app.web.console.browsers import by_cookie
from app.web.console.pages import HOME

FILE = "everything.zip"

router = APIRouter(prefix="/v1/patients/{patient_id:uuid}", tags=["patients"], route_class=Route)
# Of all that a bundle has, the account of who looked needs the strictest scope. Whoever has it may
# export the whole ledger, and so every version of every record.
Disclosing = Annotated[Operation, Depends(Authorize(Scope.AUDIT_READ))]
Reading = Annotated[
    Operation, Depends(Authorize(Scope.AUDIT_READ, Scope.PATIENTS_READ, identify=by_cookie))
]
console = APIRouter(prefix=f"{HOME}/patients", include_in_schema=False, route_class=Route)


class Zip(Response):
    """A zip answer."""

    media_type = "application/zip"


@router.get(
    f"/{FILE}",
    operation_id="patients.everything",
    response_class=Zip,
    responses=documented(NotFound),
)
async def everything(
    op: Disclosing,
    database: TheDatabase,
    patient_id: UUID,
    filters: Annotated[NoteFilters, Query()],
    request: Request,
) -> Response:
    """Download everything about a patient as a zip file, for a request of access.

    It has every record of every kind with all versions, who looked at them, the note of each
    session and the printed chart. `manifest.json` in it has the digest of each file, and says what
    was left out. The disclosure is an entry of the ledger before the first byte is sent.
    """
    return await _answer(op, database, patient_id, filters, request)


@console.get(f"/{{patient_id:uuid}}/{FILE}", operation_id="console.everything")
async def everything_for_browser(
    op: Reading,
    database: TheDatabase,
    patient_id: UUID,
    filters: Annotated[NoteFilters, Query()],
    request: Request,
) -> Response:
    """Download the same file in the console, with the same entries of the ledger."""
    return await _answer(op, database, patient_id, filters, request)


async def _answer(
    op: Operation, database: Database, patient_id: UUID, filters: NoteFilters, request: Request
) -> Response:
    wanted = wanted_languages(", ".join(request.headers.getlist("accept-language")))
    language = language_of(filters.language, wanted)
    chart = await in_print_thread(partial(service.printed_chart, op, database, patient_id))
    return await streamed(partial(_bundle, op, database, patient_id, language, chart), op.clinic_id)


def _bundle(
    op: Operation, database: Database, patient_id: UUID, language: Language, chart: service.Chart
) -> Stream:
    pieces = service.bundle(op, database, patient_id, language, chart)
    return Stream(pieces, Zip.media_type, f"everything-{chart.file}.zip")
