"""What every command needs: where words go, which database, which clinic, in whose name."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final, NoReturn, TypeVar
from uuid import UUID

import typer
from pydantic_core import to_json
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from app.clinics.queries import clinics
from app.core import schema
from app.core.access import Caller, Scope
from app.core.clock import uuid7
from app.core.database import Database
from app.core.operation import Operation, perform
from app.core.problems import Problem
from app.settings import settings

T = TypeVar("T")
FAILED: Final = 1
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
    original = getattr(problem.__cause__, "orig", None)
    details = [error["detail"] for error in problem.members.get("errors", ())]
    return " ".join([problem.detail, *details, *([f"({original})"] if original else [])])


def put(data: object, *, as_json: bool, text: str) -> None:
    """Write a command's data: as JSON, or as its text."""
    typer.echo(to_json(data).decode() if as_json else text)


@contextmanager
def database(*, migrated: bool = True) -> Iterator[Database]:
    """The database that the settings name; it must be at the newest migration, unless told."""
    try:
        opened = Database(settings().database_url)
    except (SQLAlchemyError, KeyError):
        fail("NEEDLEWORK_DATABASE_URL is not the URL of a SQLite or PostgreSQL database.")
    except OSError as error:
        fail(f"The database's folder can't be made: {error.strerror}.")
    try:
        if migrated and schema.current(opened) != schema.head():
            fail("The database is not migrated. Run: python -m app migrate")
        yield opened
    finally:
        opened.close()


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


def known(opened: Database, clinic_id: UUID | None) -> UUID:
    """The clinic with this id, or the only one there is."""
    with opened.reading() as db:
        ids = [clinic["id"] for clinic in clinics(db)]
    if not ids:
        fail('There is no clinic yet. Found one: python -m app clinic add "My clinic"')
    if clinic_id is None and len(ids) == 1:
        return UUID(str(ids[0]))
    if clinic_id is None:
        fail("There are several clinics: name one by --clinic. See: python -m app clinic list")
    if clinic_id not in ids:
        fail("There is no clinic with this id. See: python -m app clinic list")
    return clinic_id
