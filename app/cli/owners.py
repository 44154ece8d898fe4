"""`owner`: the account of a person who may do everything, made or mended on this machine."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, TypeVar
from uuid import UUID

import typer

from app.accounts.queries import account_named
from app.accounts.rules import LENGTH_MAX
from app.accounts.service import owners, passwords, signing_in
from app.cli.console import (
    AsJson,
    ClinicId,
    database,
    existing_clinic,
    fail,
    operate,
    print_message,
    print_result,
    reason,
)
from app.clinics.queries import clinics
from app.core.db.database import Database
from app.core.operation import Operation
from app.core.values.problems import Problem
from app.practitioners.queries import known_names

T = TypeVar("T")
NO_OWNER: Final = "There is no owner with this name."

owner = typer.Typer(
    help="Manage the account of an owner, who signs in with a password.", no_args_is_help=True
)
Name = Annotated[str, typer.Option("--name", help="The name to sign in with.")]
OneClinic = Annotated[
    UUID | None, typer.Option("--clinic", metavar="ID", help="Its id, if there are several.")
]


@owner.command("set")
def set_owner(
    clinic_id: ClinicId,
    *,
    name: Name = owners.NAME,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create the owner's account, or change its password, which signs the owner out.

    What the owner made, such as API keys and devices, stays valid.
    """
    with database() as opened:
        existing_clinic(opened, clinic_id)
        password = _password(password_stdin)
        names = operate(opened, clinic_id, "accounts.update", known_names)
        reason = passwords.refusal(password, [*names, name])
        if reason is not None:
            fail(reason)
        hash_ = passwords.hash_password(password)
        work = partial(owners.set_owner, password_hash=hash_, name=name)
        made = _operated(opened, clinic_id, "accounts.update", work)
    print_result({"client_id": made["id"]}, as_json=as_json, text=f"Client   {made['id']}")


@owner.command("remove")
def remove_owner(
    *, clinic_id: OneClinic = None, name: Name = owners.NAME, as_json: AsJson = False
) -> None:
    """Remove an owner's account. What the owner made, such as API keys, stops working."""
    with database() as opened:
        clinic = existing_clinic(opened, clinic_id)
        found = operate(opened, clinic, "accounts.revoke", partial(owners.remove, name=name))
        if found is None:
            fail(NO_OWNER)
    ended = {"client_id": found["id"], "revoked_at": found["revoked_at"]}
    print_result(ended, as_json=as_json, text=f"Removed  {found['id']}")


@owner.command("totp")
def second_factor(
    *,
    clinic_id: OneClinic = None,
    name: Name = owners.NAME,
    off: Annotated[bool, typer.Option("--off", help="Turn it off, such as for a lost phone.")] = (
        False
    ),
    as_json: AsJson = False,
) -> None:
    """Turn an owner's second factor on (an authenticator app), or off. Signs the owner out.

    Shows a secret for the app, and asks for a code of the app. Only a right one turns it on.
    """
    with database() as opened:
        clinic_id = existing_clinic(opened, clinic_id)
        with opened.reading(clinic_id) as db:
            there = account_named(db, clinic_id, name)
            called = {one["id"]: one["name"] for one in clinics(db)}[clinic_id]
        if there is None or there.role != "owner":
            fail(NO_OWNER)
        secret, step = (None, None) if off else _confirmed_secret(name, called)
        work = partial(signing_in.set_totp, id=there.id, secret=secret, step=step)
        _operated(opened, clinic_id, "accounts.update", work)
    text = f"The second factor is {'off' if off else 'on'}."
    print_result({"client_id": there.id, "second_factor": not off}, as_json=as_json, text=text)


def _operated(opened: Database, clinic_id: UUID, name: str, work: Callable[[Operation], T]) -> T:
    try:
        return operate(opened, clinic_id, name, work)
    except Problem as problem:
        fail(reason(problem))


def _confirmed_secret(name: str, clinic_name: str) -> tuple[str, int]:
    """A new secret, and the time step of the code that confirmed it."""
    secret = passwords.new_totp_secret()
    print_message(f"Add this to an authenticator app, as a key or as an address:\n\n{secret}")
    print_message(f"{passwords.totp_uri(secret, name, clinic_name)}\n")
    step = passwords.totp_step(secret, typer.prompt("Code of the app", err=True))
    if step is None:
        fail("This code is wrong. Nothing was changed.")
    return secret, step


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
