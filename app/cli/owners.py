"""`owner`: who signs in with a password, where SQLite serves a single clinic."""

import sys
from functools import partial
from typing import Annotated, Final

import typer

from app.cli.console import AsJson, ClinicId, database, fail, known, operate, put
from app.core.database import Database
from app.owners import queries, service
from app.owners.rules import LENGTH_MAX, LENGTH_MIN, has_allowed_length

NOT_HERE: Final = (
    "The owner's account is for SQLite, which serves a single clinic. On PostgreSQL people sign in"
    " with the clinic's identity provider: python -m app identity add"
)

owner = typer.Typer(help="Let the owner in by a password, on SQLite.", no_args_is_help=True)


@owner.command("set")
def set_owner(
    clinic_id: ClinicId,
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the owner's account, or give it another password: what was signed in is out."""
    with database() as opened:
        _check_embedded(opened)
        known(opened, clinic_id)
        hash_ = service.hash_password(_password(password_stdin))
        made = operate(
            opened, clinic_id, "owners.create", lambda op: service.replace_owner(op, hash_)
        )
    put({"client_id": made["id"]}, as_json=as_json, text=f"Client   {made['id']}")


@owner.command("remove")
def remove_owner(*, as_json: AsJson = False) -> None:
    """End the owner's account."""
    with database() as opened:
        _check_embedded(opened)
        with opened.reading() as db:
            there = queries.owner(db)
        if there is None:
            fail("There is no owner's account.")
        found = operate(opened, there.clinic_id, "owners.revoke", service.remove) or {}
    at = found.get("revoked_at")
    put({"client_id": there.id, "revoked_at": at}, as_json=as_json, text=f"Removed  {there.id}")


def _check_embedded(opened: Database) -> None:
    if not opened.is_sqlite:
        fail(NOT_HERE)


def _password(from_stdin: bool) -> str:  # noqa: FBT001 - as the option gave it
    if from_stdin:
        given = sys.stdin.read(LENGTH_MAX + 2).removesuffix("\n").removesuffix("\r")
    elif sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        fail("There is no terminal to ask at: give the password by --password-stdin.")
    try:
        given.encode()
    except UnicodeEncodeError:
        fail("That is no UTF-8.")
    if not has_allowed_length(given):
        fail(f"Give {LENGTH_MIN} to {LENGTH_MAX} characters. Nothing else is asked of them.")
    return given
