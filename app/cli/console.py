"""Shared by all commands: output, the database, the clinic, and the caller."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final, NoReturn, TypeVar
from uuid import UUID

import typer
from alembic.util import CommandError
from pydantic_core import to_json
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from app.clinics.queries import clinics
from app.core.db import schema
from app.core.db.database import Database
from app.core.operation import Operation, perform
from app.core.values.access import Caller, Scope
from app.core.values.clock import uuid7
from app.core.values.problems import Problem
from app.settings import settings

T = TypeVar("T")
FAILED: Final = 1
URL: Final = "NEEDLEWORK_DATABASE_URL"
MIGRATE: Final = "Run: python -m app migrate"
NO_URL: Final = (
    f"{URL} is not the URL of a SQLite or PostgreSQL database."
    " In a password, write @ as %40, : as %3A and / as %2F."
)
RIGHT_ONE: Final = f"Check {URL}."
STDERR: Final = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ClinicId = Annotated[UUID, typer.Option("--clinic", metavar="ID", help="The clinic's id.")]


def print_message(sentence: str) -> None:
    """Print a message to standard error, for the person at the terminal."""
    STDERR.print(sentence, markup=False, soft_wrap=True)


def fail(sentence: str) -> NoReturn:
    """Print a message to standard error, and exit with code 1."""
    print_message(sentence)
    raise typer.Exit(FAILED)


def reason(problem: Problem) -> str:
    """A problem as text, with the database driver's message if that was the cause."""
    details = [
        (f"Line {error['line']}: " if "line" in error else "") + error["detail"]
        for error in problem.members.get("errors", ())
    ]
    behind = [f"({driver_message(problem.__cause__)})"] if problem.__cause__ else []
    return " ".join([problem.detail, *details, *behind])


def driver_message(error: BaseException) -> str:
    """The first line of a database error. Later lines may hold statements and their values."""
    return str(getattr(error, "orig", None) or error).split("\n", 1)[0]


def print_result(data: object, *, as_json: bool, text: str) -> None:
    """Print a command's result to standard output: `data` as JSON, or `text`."""
    typer.echo(to_json(data).decode() if as_json else text)


@contextmanager
def database(url: str | None = None, *, migrated: bool = True) -> Iterator[Database]:
    """Open a database, by default that of the settings.

    Exits with a message if it can't be used, or if `migrated` and it isn't at the newest migration.
    """
    try:
        opened = Database(url or settings().database_url)
    except (SQLAlchemyError, KeyError, ValueError, ImportError):
        # Without the error's own text: it may hold a part of the password.
        fail(NO_URL)
    try:
        if migrated:
            _check_migrated(opened)
        yield opened
    except (SQLAlchemyError, CommandError) as error:
        fail(f"The database can't be used: {driver_message(error)}. {RIGHT_ONE}")
    finally:
        opened.close()


def _check_migrated(opened: Database) -> None:
    try:
        missing = opened.file is not None and not opened.file.exists()
    except OSError as error:
        fail(f"{opened.file} can't be opened: {error.strerror}.")
    if missing:
        fail(f"There is no database at {opened.file}. {MIGRATE}, or correct {URL}.")
    if schema.current(opened) != schema.head():
        fail(f"The database is not migrated. {MIGRATE}")


def caller(clinic_id: UUID) -> Caller:
    """The caller of a command: the account on this machine, with every scope."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = str(os.getuid())
    return Caller(clinic_id, None, f"cli:{account}", frozenset(Scope))


def operation(clinic_id: UUID, name: str) -> Operation:
    """An operation of the account on this machine."""
    return Operation(name, caller(clinic_id), str(uuid7()))


def operate(
    opened: Database,
    clinic_id: UUID,
    name: str,
    work: Callable[[Operation], T],
    *,
    owning: bool = False,
) -> T:
    """Run one operation in one clinic, and commit; if `owning`, as the owner of the tables."""
    op = operation(clinic_id, name)
    return perform(opened, op, lambda: work(op), owning=owning)


def clinic_ids(opened: Database) -> list[UUID]:
    """Every clinic of this installation, oldest first."""
    with opened.reading() as db:
        return [clinic["id"] for clinic in clinics(db)]


def in_each_clinic(opened: Database, name: str) -> Iterator[Operation]:
    """Yield a reading operation for each clinic in turn."""
    for clinic_id in clinic_ids(opened):
        op = operation(clinic_id, name)
        with opened.reading(clinic_id) as db:
            op.begin(db)
            yield op


def existing_clinic(opened: Database, clinic_id: UUID | None) -> UUID:
    """The id of this clinic, or of the only one; exits with a message if there is none such."""
    ids = clinic_ids(opened)
    if not ids:
        fail('There is no clinic yet. Create one: python -m app clinic add "My clinic"')
    if clinic_id is None and len(ids) == 1:
        return ids[0]
    if clinic_id is None:
        fail("There are several clinics. Name one with --clinic: see python -m app clinic list")
    if clinic_id not in ids:
        fail("There is no clinic with this id. See: python -m app clinic list")
    return clinic_id
