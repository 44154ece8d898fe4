"""`/v1/imports`."""

from app.core.access import Scope
from app.core.operation import Operation
from app.core.routing import Answer, Routes, Upload
from app.transfer.rows import CSV, NDJSON, rows
from app.transfer.schemas import ImportFilters, ImportView
from app.transfer.service import OPERATION, import_rows

FILE_MAX_BYTES = 256 * 1024 * 1024

routes = Routes("/v1/imports", "imports")


@routes.post(
    "",
    name=OPERATION,
    scope=Scope.IMPORTS_WRITE,
    view=ImportView,
    writes=False,  # takes no Idempotency-Key: the same file twice makes nothing twice
    uploads=(NDJSON, CSV),
    upload_max_bytes=FILE_MAX_BYTES,
)
def create(op: Operation, upload: Upload, filters: ImportFilters) -> Answer:
    """Import a file of records.

    One row for each record, with its `type`; a row may refer to rows above it and to stored
    records. A bad row is reported and never stops the others, and the same file twice creates
    nothing twice.
    """
    found = rows(upload.file, upload.media)
    reports = import_rows(upload.database, op.caller, op.request_id, found, dry_run=filters.dry_run)
    return Answer(list(reports)[-1])
