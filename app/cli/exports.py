"""`export`: everything that a clinic has, in a folder of tables."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import DownloadColumn, Progress, TextColumn

from app.cli.audit import AnyClinic
from app.cli.console import AsJson, database, fail, known, operation, put, words
from app.transfer.exports.folder import write_folder
from app.transfer.exports.formats import EXCEL, FORMATS, PARQUET, Format
from app.transfer.exports.parquet import check_installed
from app.transfer.exports.research import secret


def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    clinic_id: AnyClinic = None,
    form: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="How to write the tables.")
    ] = "csv",
    *,
    excel: Annotated[
        bool, typer.Option("--excel", help="CSV as Excel reads it: a mark, and its own times.")
    ] = False,
    deidentified: Annotated[
        bool, typer.Option("--deidentified", help="For research: nobody can be told by it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write all tables of a clinic, as they are at one moment, into a folder."""
    chosen = _format(form, excel=excel)
    with database() as opened:
        op = operation(known(opened, clinic_id), "exports.read")
        key = secret(op.clinic_id) if deidentified else None
        columns = (TextColumn("{task.description}"), DownloadColumn())
        with Progress(*columns, console=words, disable=not words.is_terminal) as progress:
            tasks: dict[str, Any] = {}

            def tell(file: str, size: int) -> None:
                if file not in tasks:
                    tasks[file] = progress.add_task(file, total=None)
                progress.update(tasks[file], completed=size)

            try:
                written = write_folder(opened, op, directory, chosen, key, tell)
            except FileExistsError:
                fail(f"{directory} holds something already. Name a new folder.")
            except OSError as error:
                fail(f"{directory} can't be written: {error.strerror}.")
    size = sum(each.bytes for each in written)
    text = (
        f"{len(written)} files ({size:,} bytes) are in {directory}; README.md says what they are."
    )
    told = [each._asdict() for each in written]
    put({"directory": str(directory), "files": told}, as_json=as_json, text=text)


def _format(form: str, *, excel: bool) -> Format:
    if form not in FORMATS:
        raise typer.BadParameter(f"Give one of: {', '.join(FORMATS)}.", param_hint="--format")
    if excel and form != EXCEL.name:
        raise typer.BadParameter("Excel reads CSV.", param_hint="--excel")
    if form == PARQUET:
        check_installed()
    return EXCEL if excel else FORMATS[form]
