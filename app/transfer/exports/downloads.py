"""Downloads of datasets: which stream answers a file's name."""

from app.core.db.database import Database
from app.core.http.streams import Stream
from app.core.operation import Operation
from app.core.values.faults import Fault
from app.core.values.problems import Invalid, NotFound
from app.transfer.exports.datasets import BY_NAME
from app.transfer.exports.folder import RECORDS_FILE
from app.transfer.exports.formats import EXCEL, FORMATS, PARQUET
from app.transfer.exports.parquet import check_installed
from app.transfer.exports.research import secret
from app.transfer.exports.schemas import ExportFilters
from app.transfer.exports.service import export, export_for_research, export_records
from app.transfer.rows import NDJSON

NOT_A_TABLE = Fault(
    "/deidentified", "not_a_table", "Records can't be de-identified: export tables."
)
NOT_CSV = Fault(
    "/excel", "not_csv", "Only CSV has a form for Excel: export CSV, or leave this out."
)


def download(
    op: Operation, database: Database, dataset: str, form_name: str, filters: ExportFilters
) -> Stream:
    """Return the stream of a dataset in a format.

    Raises `NotFound`, `Invalid`, `NoParquet` or `NoResearchKey`.
    """
    file = f"{dataset}.{form_name}"
    if file == RECORDS_FILE:
        _check(filters.excel, NOT_CSV)
        _check(filters.deidentified, NOT_A_TABLE)
        return Stream(export_records(database, op), NDJSON, file)
    table, form = BY_NAME.get(dataset), FORMATS.get(form_name)
    if table is None or form is None:
        raise NotFound
    _check(filters.excel and form.name != EXCEL.name, NOT_CSV)
    if form.name == PARQUET:
        check_installed()
    form = EXCEL if filters.excel else form
    if filters.deidentified:
        key = secret(op.clinic_id)
        return Stream(export_for_research(database, op, table, form, key), form.media, file)
    return Stream(export(database, op, table, form), form.media, file)


def _check(is_wrong: bool, fault: Fault) -> None:  # noqa: FBT001 - what is asked
    if is_wrong:
        raise Invalid([fault], "query")
