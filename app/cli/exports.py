"""`export`: write all data of a clinic into a folder of tables."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import DownloadColumn, Progress, TextColumn

from app.cli.audit import AnyClinic
from app.cli.console import STDERR, AsJson, database, existing_clinic, fail, operation, print_result
from app.transfer.exports.folder import write_folder
from app.transfer.exports.formats import EXCEL, FORMATS, PARQUET, Format
from app.transfer.exports.parquet import check_installed
from app.transfer.exports.research import secret


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    clinic_id: AnyClinic = None,
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="The format of the tables.")
    ] = "csv",
    *,
    excel: Annotated[
        bool,
        typer.Option(
            "--excel", help="CSV for Excel: with a byte order mark and Excel's date format."
        ),
    ] = False,
    deidentified: Annotated[
        bool,
        typer.Option(
            "--deidentified", help="For research: without anything that identifies a person."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write all tables of a clinic, as of one moment, into a folder."""
    chosen = _format(form, excel=excel)
    with database() as opened:
        op = operation(existing_clinic(opened, clinic_id), "exports.read")
        key = secret(op.clinic_id) if deidentified else None
        columns = (TextColumn("{task.description}"), DownloadColumn())
        with Progress(*columns, console=STDERR, disable=not STDERR.is_terminal) as progress:
            tasks: dict[str, Any] = {}

            def show_progress(file: str, size: int) -> None:
                if file not in tasks:
                    tasks[file] = progress.add_task(file, total=None)
                progress.update(tasks[file], completed=size)

            try:
                written = write_folder(opened, op, directory, chosen, key, show_progress)
            except FileExistsError:
                fail(f"{directory} is not empty. Name a new folder.")
            except OSError as error:
                fail(f"{directory} can't be written: {error.strerror}.")
    size = sum(each.bytes for each in written)
    text = f"{len(written)} files ({size:,} bytes) are in {directory}. README.md describes them."
    files = [each._asdict() for each in written]
    print_result({"directory": str(directory), "files": files}, as_json=as_json, text=text)


def _format(form: str, *, excel: bool) -> Format:
    if form not in FORMATS:
        raise typer.BadParameter(f"Give one of: {', '.join(FORMATS)}.", param_hint="--format")
    if excel and form != EXCEL.name:
        raise typer.BadParameter("--excel needs --format csv.", param_hint="--excel")
    if form == PARQUET:
        check_installed()
    return EXCEL if excel else FORMATS[form]
