"""`owner`: the person who signs in with a password, where SQLite serves a single clinic."""

import sys
from functools import partial
from typing import Annotated, Final

import typer

from app.cli.console import (
    AsJson,
    ClinicId,
    database,
    existing_clinic,
    fail,
    operate,
    print_message,
    print_result,
)
from app.clinics.queries import clinic, clinics
from app.core.db.database import Database
from app.core.operation import Operation, rows
from app.owners import queries, service
from app.owners.rules import LENGTH_MAX
from app.practitioners.models import Practitioner
from app.records.names import full_name

NOT_HERE: Final = (
    "The owner's account is for SQLite, which serves a single clinic. On PostgreSQL people sign in"
    " with the clinic's identity provider: python -m app identity add"
)

_PRACTITIONERS = rows(Practitioner, Practitioner.given_name, Practitioner.family_name)

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
    """Create the owner's account, or change its password, which signs the owner out.

    What the owner made, such as API keys and devices, stays valid.
    """
    with database() as opened:
        _check_embedded(opened)
        existing_clinic(opened, clinic_id)
        password = _password(password_stdin)
        reason = service.refusal(password, operate(opened, clinic_id, "owners.update", _names))
        if reason is not None:
            fail(reason)
        hash_ = service.hash_password(password)
        with opened.reading() as db:
            name = "owners.create" if queries.owner(db) is None else "owners.update"
        made = operate(opened, clinic_id, name, lambda op: service.set_owner(op, hash_))
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


@owner.command("totp")
def second_factor(
    *,
    off: Annotated[bool, typer.Option("--off", help="Turn it off, such as for a lost phone.")] = (
        False
    ),
    as_json: AsJson = False,
) -> None:
    """Turn the owner's second factor on (an authenticator app), or off. Signs the owner out.

    Shows a secret for the app, and asks for a code of the app. Only a right one turns it on.
    """
    with database() as opened:
        _check_embedded(opened)
        with opened.reading() as db:
            there = queries.owner(db)
            names = {clinic["id"]: clinic["name"] for clinic in clinics(db)}
        if there is None:
            fail("There is no owner.")
        secret, step = (None, None) if off else _confirmed_secret(names[there.clinic_id])
        work = partial(service.set_totp, secret=secret, step=step)
        operate(opened, there.clinic_id, "owners.update", work)
    text = f"The second factor is {'off' if off else 'on'}."
    print_result({"client_id": there.id, "second_factor": not off}, as_json=as_json, text=text)


def _confirmed_secret(clinic_name: str) -> tuple[str, int]:
    """A new secret, and the time step of the code that confirmed it."""
    secret = service.new_totp_secret()
    print_message(f"Add this to an authenticator app, as a key or as an address:\n\n{secret}")
    print_message(f"{service.totp_uri(secret, clinic_name)}\n")
    step = service.totp_step(secret, typer.prompt("Code of the app", err=True))
    if step is None:
        fail("This code is wrong. Nothing was changed.")
    return secret, step


def _names(op: Operation) -> list[str]:
    """The names of the clinic and its practitioners, which no password may be."""
    people = [full_name(row.given_name, row.family_name) for row in op.all(_PRACTITIONERS)]
    turned = [full_name(row.family_name, row.given_name) for row in op.all(_PRACTITIONERS)]
    return [clinic(op)["name"], *people, *turned]


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
    return given
