"""What every command needs: where words go, which database, which clinic, in whose name."""

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
RIGHT_ONE: Final = f"Does {URL} name the right one?"
words: Final = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
ClinicId = Annotated[UUID, typer.Option("--clinic", metavar="ID", help="The clinic's id.")]


def say(sentence: str) -> None:
    """Tell the person at the keyboard something that is no data."""
    words.print(sentence, markup=False, soft_wrap=True)


def fail(sentence: str) -> NoReturn:
    """Say what is wrong, and end."""
    say(sentence)
    raise typer.Exit(FAILED)


def reason(problem: Problem) -> str:
    """A problem in a sentence, with what the database's driver said where it is behind it."""
    details = [error["detail"] for error in problem.members.get("errors", ())]
    behind = [f"({told(problem.__cause__)})"] if problem.__cause__ else []
    return " ".join([problem.detail, *details, *behind])


def told(error: BaseException) -> str:
    """What the database or its driver said. Behind the first line stand statements and values."""
    return str(getattr(error, "orig", None) or error).split("\n", 1)[0]


def put(data: object, *, as_json: bool, text: str) -> None:
    """Write a command's data: as JSON, or as its text."""
    typer.echo(to_json(data).decode() if as_json else text)


@contextmanager
def database(url: str | None = None, *, migrated: bool = True) -> Iterator[Database]:
    """A database, by default the settings' own; at the newest migration, unless told."""
    try:
        opened = Database(url or settings().database_url)
    except (SQLAlchemyError, KeyError, ValueError, ImportError):
        # Not with what they say: it may be a part of the password.
        fail(NO_URL)
    try:
        if migrated:
            _check_migrated(opened)
        yield opened
    except (SQLAlchemyError, CommandError) as error:
        fail(f"The database can't be used: {told(error)}. {RIGHT_ONE}")
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
    """Whoever holds the machine: may do everything, under the name of the account."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = str(os.getuid())
    return Caller(clinic_id, None, f"cli:{account}", frozenset(Scope))


def operation(clinic_id: UUID, name: str) -> Operation:
    """An operation of whoever holds the machine."""
    return Operation(name, caller(clinic_id), str(uuid7()))


def operate(opened: Database, clinic_id: UUID, name: str, work: Callable[[Operation], T]) -> T:
    """Do one operation in one clinic, and commit."""
    op = operation(clinic_id, name)
    return perform(opened, op, lambda: work(op))


def clinic_ids(opened: Database) -> list[UUID]:
    """Every clinic of this installation, oldest first."""
    with opened.reading() as db:
        return [clinic["id"] for clinic in clinics(db)]


def in_each_clinic(opened: Database, name: str) -> Iterator[Operation]:
    """An operation that reads, in each clinic in turn."""
    for clinic_id in clinic_ids(opened):
        op = operation(clinic_id, name)
        with opened.reading(clinic_id) as db:
            op.begin(db)
            yield op


def known(opened: Database, clinic_id: UUID | None) -> UUID:
    """The clinic with this id, or the only one there is."""
    ids = clinic_ids(opened)
    if not ids:
        fail('There is no clinic yet. Found one: python -m app clinic add "My clinic"')
    if clinic_id is None and len(ids) == 1:
        return ids[0]
    if clinic_id is None:
        fail("There are several clinics: name one by --clinic. See: python -m app clinic list")
    if clinic_id not in ids:
        fail("There is no clinic with this id. See: python -m app clinic list")
    return clinic_id
