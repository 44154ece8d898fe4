"""`owner`: the person who signs in with a password, where SQLite serves a single clinic."""

import sys
from typing import Annotated, Final

import typer

from app.cli.console import AsJson, ClinicId, database, existing_clinic, fail, operate, print_result
from app.core.db.database import Database
from app.owners import queries, service
from app.owners.rules import LENGTH_MAX, LENGTH_MIN, has_allowed_length

NOT_HERE: Final = (
    "The owner's account is for SQLite, which serves a single clinic. On PostgreSQL people sign in"
    " with the clinic's identity provider: python -m app identity add"
)

owner = typer.Typer(
    help="Manage the owner, who signs in with a password (SQLite only).", no_args_is_help=True
)


@owner.command("set")
def set_owner(
    clinic_id: ClinicId,
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create the owner's account, or replace its password, which signs the owner out."""
    with database() as opened:
        _check_embedded(opened)
        existing_clinic(opened, clinic_id)
        hash_ = service.hash_password(_password(password_stdin))
        made = operate(opened, clinic_id, "owners.create", lambda op: service.set_owner(op, hash_))
    print_result({"client_id": made["id"]}, as_json=as_json, text=f"Client   {made['id']}")


@owner.command("remove")
def remove_owner(*, as_json: AsJson = False) -> None:
    """Remove the owner's account. What the owner made, such as API keys, stops working."""
    with database() as opened:
        _check_embedded(opened)
        with opened.reading() as db:
            there = queries.owner(db)
        if there is None:
            fail("There is no owner.")
        found = operate(opened, there.clinic_id, "owners.revoke", service.remove)
    at = None if found is None else found["revoked_at"]
    print_result(
        {"client_id": there.id, "revoked_at": at}, as_json=as_json, text=f"Removed  {there.id}"
    )


def _check_embedded(opened: Database) -> None:
    if not opened.is_sqlite:
        fail(NOT_HERE)


def _password(from_stdin: bool) -> str:  # noqa: FBT001 - as the option gave it
    if from_stdin:
        given = sys.stdin.read(LENGTH_MAX + 2).removesuffix("\n").removesuffix("\r")
    elif sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        fail("There is no terminal to ask for the password: use --password-stdin.")
    try:
        given.encode()
    except UnicodeEncodeError:
        fail("The password is not valid UTF-8.")
    if not has_allowed_length(given):
        fail(f"Give {LENGTH_MIN} to {LENGTH_MAX} characters. There is no other rule.")
    return given
