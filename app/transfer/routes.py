"""`/v1/imports`."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query

from app.core.db.database import Database
from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route, TheDatabase
from app.core.http.uploads import Upload, Uploaded, in_upload_thread
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import TooLarge, TooSlow, UnsupportedMedia
from app.transfer.rows import CSV, NDJSON, rows
from app.transfer.schemas import ImportFilters, ImportView
from app.transfer.service import OPERATION, import_rows

FILE_MAX_BYTES = 256 * 1024 * 1024

router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=Route)
Importing = Annotated[Operation, Depends(Authorize(Scope.IMPORTS_WRITE))]
_uploaded: Final = Uploaded(NDJSON, CSV, max_bytes=FILE_MAX_BYTES)


@router.post(
    "",
    operation_id=OPERATION,
    responses=documented(TooLarge, UnsupportedMedia, TooSlow),
    openapi_extra=_uploaded.documented(),
)
async def create(
    op: Importing,
    database: TheDatabase,
    upload: Annotated[Upload, Depends(_uploaded)],
    filters: Annotated[ImportFilters, Query()],
) -> Answer[ImportView]:
    """Import a file of records.

    The file has one row for each record, with its `type`. A row may refer to rows above it and to
    stored records. An invalid row is reported and doesn't stop the others. If the same file is
    imported again, nothing is created twice. Rows of patients and practitioners also need
    `patients:write` and `practitioners:write`.
    """
    return await in_upload_thread(partial(_imported, op, database, upload, filters), op.clinic_id)


def _imported(
    op: Operation, database: Database, upload: Upload, filters: ImportFilters
) -> Answer[ImportView]:
    given = rows(upload.file, upload.media)
    reports = import_rows(database, op.caller, op.request_id, given, dry_run=filters.dry_run)
    return Answer(list(reports)[-1])
