"""`backup` and `restore`: write the whole database to one file, and read it back."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import inspect

from app.cli.console import (
    URL,
    AsJson,
    clinic_ids,
    database,
    fail,
    in_each_clinic,
    operate,
    print_message,
    print_result,
)
from app.core.db import copies, schema
from app.core.db.copies import CopyFailed
from app.core.db.database import Database
from app.core.values.problems import Problem
from app.ledger.service import record_security
from app.ledger.signing import key_file
from app.settings import settings
from app.state.inspection import faults

SHOWN: Final = 20
MADE: Final = "backups.create"
RESTORED: Final = "backups.restore"
ANOTHER: Final = "Name another file"


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the file if it exists.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Back up the database to one file, while the server runs. The signing key is not in it."""
    target = file.absolute().resolve()
    with database() as opened, _explained(target):
        _check_target(opened, target, replace=replace)
        with database(settings().owner_url) as owned, copies.replacing(target) as new:
            copies.copy(owned, new)
        size = target.stat().st_size
        try:
            _note(opened, MADE)
        except Problem:
            fail(f"{file} holds the backup, but its ledger entries could not be written.")
    text = f"{file} holds the backup: {size:,} bytes. Don't keep it with the signing key."
    print_result({"file": str(file), "bytes": size}, as_json=as_json, text=text)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `backup` wrote.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a new database. An existing database is never changed."""
    with _explained(file):
        made_by = copies.database_kind(file)
    with database(settings().owner_url, migrated=False) as opened, _explained(file):
        kind = "sqlite" if opened.is_sqlite else "postgresql"
        if made_by != kind:
            fail(f"{file} is not a backup of a {kind} database, as {URL} asks for.")
        if opened.file is None:
            _restore_postgresql(opened, file)
        else:
            _restore_sqlite(opened.file, file)
    with database() as opened:
        _note(opened, RESTORED)
    print_result(
        {"file": str(file), "migration": schema.head()},
        as_json=as_json,
        text=f"The database is restored from {file}, and its ledgers are consistent with it.",
    )
    key = key_file()
    if key is not None and not key.exists():
        print_message(
            f"Put your signing key at {key} before you serve. Otherwise a new one is created."
        )


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Print why a copy can't be made or used, and exit."""
    try:
        yield
    except CopyFailed as error:
        fail(str(error))
    except sqlite3.Error as error:
        fail(f"{file} can't be made: {error}.")
    except OSError as error:
        fail(f"{error.filename or file} can't be used: {error.strerror}.")


def _check_target(opened: Database, target: Path, *, replace: bool) -> None:
    in_use = {str(key_file() and Path(str(key_file())).resolve())}
    if opened.file is not None:
        source = str(opened.file.resolve())
        in_use |= {source + ending for ending in ("", *copies.SQLITE_SUFFIXES)}
    if str(target) in in_use:
        fail(f"{target} is in use by the server. {ANOTHER}.")
    if not target.parent.is_dir():
        fail(f"The folder {target.parent} doesn't exist.")
    if target.exists() and not target.is_file():
        fail(f"{target} is not a file. {ANOTHER}.")
    if target.exists() and not replace:
        fail(f"{target} exists already. Nothing was changed. {ANOTHER}, or use --replace.")


def _note(opened: Database, name: str) -> None:
    """Write a security entry in every clinic's ledger, because the copy holds data of each."""
    for clinic_id in clinic_ids(opened):
        operate(opened, clinic_id, name, record_security)


def _restore_sqlite(target: Path, file: Path) -> None:
    for ending in ("", *copies.SQLITE_SUFFIXES):
        there = target.with_name(target.name + ending)
        if there.exists():
            fail(f"{there} exists: move it away, or set {URL} to another file.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with copies.replacing(target) as new:
        shutil.copyfile(file, new)
        copies.check_file(new)
        with closing(Database(f"sqlite:///{new}")) as opened:
            _check_revision(schema.current(opened))
            schema.migrate(opened)
            _check_ledgers(opened)


def _restore_postgresql(opened: Database, file: Path) -> None:
    with opened.reading() as db:
        if inspect(db).get_table_names():
            fail(f"The database isn't empty: create a new one, and set {URL} to it.")
    _check_revision(copies.dumped_revision(opened, file))
    copies.load(opened, file)
    schema.migrate(opened)
    _check_ledgers(opened)


def _check_revision(revision: str | None) -> None:
    if revision is None:
        fail("This is not a backup of a Needlework database.")
    if not schema.is_known(revision):
        fail(
            f"The backup is from a newer Needlework (migration {revision}): update this one first."
        )


def _check_ledgers(opened: Database) -> None:
    for op in in_each_clinic(opened, RESTORED):
        found = list(islice(faults(op), SHOWN))
        for fault in found:
            print_message(f"Clinic {op.clinic_id}: {fault}")
        if found:
            fail("Somebody altered this backup: don't serve from it.")
