"""`backup` and `restore`: everything in one file, and back again."""

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
    put,
    say,
)
from app.core.db import copies, schema
from app.core.db.copies import CopyFailed
from app.core.db.database import Database
from app.core.values.problems import Problem
from app.ledger.inspection import faults
from app.ledger.service import noted
from app.ledger.signing import key_file
from app.records import inspection
from app.settings import settings

SHOWN: Final = 20
MADE: Final = "backups.create"
RESTORED: Final = "backups.restore"
ANOTHER: Final = "Name another file"


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the backup shall stand.")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a file that is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write everything into one file, while others work. The signing key is not in it."""
    target = file.absolute().resolve()
    with database() as opened, _told(target):
        _check_target(opened, target, replace=replace)
        with database(settings().owner_url) as owned, copies.replacing(target) as new:
            copies.copy(owned, new)
        size = target.stat().st_size
        try:
            _note(opened, MADE)
        except Problem:
            fail(f"{file} holds the backup, but that it was made could not be recorded.")
    text = f"{file} holds the backup: {size:,} bytes. Keep it where the signing key is not."
    put({"file": str(file), "bytes": size}, as_json=as_json, text=text)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make the database of the settings from a backup. One that is there is never touched."""
    with _told(file):
        made_by = copies.database_kind(file)
    with database(settings().owner_url, migrated=False) as opened, _told(file):
        kind = "sqlite" if opened.is_sqlite else "postgresql"
        if made_by != kind:
            fail(f"{file} is no backup of a {kind} database, which {URL} names.")
        if opened.file is None:
            _restore_postgresql(opened, file)
        else:
            _restore_sqlite(opened.file, file)
    with database() as opened:
        _note(opened, RESTORED)
    put(
        {"file": str(file), "migration": schema.head()},
        as_json=as_json,
        text=f"The database is that of {file}, and its ledgers agree with it.",
    )
    key = key_file()
    if key is not None and not key.exists():
        say(f"Put your signing key at {key} before you serve: else a new one is made.")


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Say why a copy can't be made or used."""
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
        fail(f"{target} is in use itself. {ANOTHER}.")
    if not target.parent.is_dir():
        fail(f"There is no folder {target.parent}.")
    if target.exists() and not target.is_file():
        fail(f"{target} is no file. {ANOTHER}.")
    if target.exists() and not replace:
        fail(f"{target} is there already; nothing was changed. {ANOTHER}, or say --replace.")


def _note(opened: Database, name: str) -> None:
    """Have it on record in every clinic, for each one's data are in the copy."""
    for clinic_id in clinic_ids(opened):
        operate(opened, clinic_id, name, noted)


def _restore_sqlite(target: Path, file: Path) -> None:
    for ending in ("", *copies.SQLITE_SUFFIXES):
        there = target.with_name(target.name + ending)
        if there.exists():
            fail(f"{there} is there: move it away, or let {URL} name another file.")
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
            fail(f"The database isn't empty: make a new one, and let {URL} name it.")
    _check_revision(copies.dumped_revision(opened, file))
    copies.load(opened, file)
    schema.migrate(opened)
    _check_ledgers(opened)


def _check_revision(revision: str | None) -> None:
    if revision is None:
        fail("This is no backup of a Needlework database.")
    if not schema.is_known(revision):
        fail(f"The backup is of a later Needlework (migration {revision}): update this one first.")


def _check_ledgers(opened: Database) -> None:
    for op in in_each_clinic(opened, RESTORED):
        found = list(faults(op)) or list(islice(inspection.faults(op), SHOWN))
        for fault in found:
            say(f"Clinic {op.clinic_id}: {fault}")
        if found:
            fail("Somebody changed what is in this backup: don't serve from it.")
