"""`migrate` and `import`: update the database's schema, and import records."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.console import (
    FAILED,
    STDERR,
    AsJson,
    caller,
    database,
    existing_clinic,
    fail,
    print_message,
    print_result,
)
from app.core.db import schema
from app.core.db.database import Database
from app.core.values.clock import uuid7
from app.ledger.signing import key_file, make_key
from app.settings import settings
from app.transfer.rows import CSV, NDJSON, rows
from app.transfer.service import Report, import_rows

SHOWN = 20


def prepare(opened: Database) -> None:
    """Migrate a database, and on SQLite create the key that signs its ledgers."""
    schema.migrate(opened)
    file = key_file()
    if opened.is_sqlite and file is not None and not file.exists():
        with suppress(FileExistsError):
            make_key(file)


def migrate() -> None:
    """Upgrade the database to the newest migration. Several processes may run this at once."""
    with database(settings().owner_url, migrated=False) as opened:
        prepare(opened)
    print_message(f"The database is at migration {schema.head()}.")


def import_file(
    file: Annotated[
        Path, typer.Argument(help="Rows as JSON lines, or as CSV if the name ends in .csv.")
    ],
    clinic_id: Annotated[
        UUID | None,
        typer.Option("--clinic", metavar="ID", help="The clinic's id, if there are several."),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, store nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import records. Importing a file twice creates no duplicates. A bad row stops no other."""
    try:
        opened_file = file.open("rb")
    except OSError as error:
        fail(f"{file} can't be read: {error.strerror}.")
    with opened_file, database() as opened:
        report = _import(
            opened, existing_clinic(opened, clinic_id), file, opened_file, dry_run=dry_run
        )
    print_result(report, as_json=as_json, text=summary(report, dry_run=dry_run))
    if not as_json:
        _list_errors(report)
    if report.rejected or report.stopped_after is not None:
        raise typer.Exit(FAILED)


def _import(
    opened: Database, clinic_id: UUID, path: Path, file: BinaryIO, *, dry_run: bool
) -> Report:
    found = rows(file, CSV if path.suffix.lower() == ".csv" else NDJSON)
    reports = import_rows(opened, caller(clinic_id), str(uuid7()), found, dry_run=dry_run)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    report = Report()
    with Progress(*columns, console=STDERR, disable=not STDERR.is_terminal) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size or None, rows=0)
        for report in reports:
            progress.update(task, completed=file.tell(), rows=report.received)
    return report


def summary(report: Report, *, dry_run: bool) -> str:
    """A report in one line."""
    counts = f"{report.created} created, {report.unchanged} unchanged, {report.rejected} rejected"
    told = f"{report.received} rows: {counts}." + (" Nothing was stored." if dry_run else "")
    if report.stopped_after is not None:
        told += f" The file was not read after line {report.stopped_after}."
    if not report.alerts_not_raised:
        return told
    old = f" No alert was raised for {report.alerts_not_raised} of the new records."
    return f"{told}{old} Look at them: they have a red flag or a serious event."


def _list_errors(report: Report) -> None:
    for error in report.errors[:SHOWN]:
        print_message(
            f"line {error['line']} {error['pointer'] or '/'} {error['code']}: {error['detail']}"
        )
    if len(report.errors) > SHOWN:
        print_message("There are more errors: --json lists them.")
