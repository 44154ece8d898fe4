"""`demo`: a synthetic clinic to try things on."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final

import typer
from pydantic_core import to_json

from app.accounts.queries import account_named, only_clinic
from app.accounts.service import owners, passwords
from app.auth.rules import Key
from app.cli import story
from app.cli.console import caller, database, operate, print_message
from app.cli.records import prepare
from app.cli.serving import PORT_MAX, Port, check_port, run
from app.clients import service as clients
from app.clinics import queries, service
from app.clinics.schemas import ClinicView
from app.core.db.database import Database
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.clock import uuid7
from app.transfer.rows import Row
from app.transfer.service import import_rows
from app.web.console.pages import HOME

HOST: Final = "127.0.0.1"
KEY_LASTS: Final = timedelta(days=7)
PASSWORD_BYTES: Final = 12

LINES: Final = """\
A demo clinic with {rows} made-up records.

Look at it in a browser: {url}{page}
{way_in}

Or call the API. This key is valid for {days} days:

KEY={key}

# Read a patient's progress
curl -s -H "Authorization: Bearer $KEY" {url}/v1/patients/{patient}/progress

# Log a session
curl -s -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" {url}/v1/sessions \\
  -d '{session}'

# Read the changes, in order
curl -s -H "Authorization: Bearer $KEY" "{url}/v1/changes?after={after}&limit=2"

Every operation, with a form to try it: {url}/docs"""


AS_OWNER: Final = "Sign in as {name} with the password {password}"
AS_BEFORE: Final = """\
Sign in as {name} with your password. The first run printed it, unless another was set since.
Lost it? Sign in with the key below, or set a new one: python -m app owner set --clinic {clinic}"""


def demo(
    port: Port = 8000,
    *,
    serve: Annotated[bool, typer.Option(help="Serve it after the setup.")] = True,
) -> None:
    """Set up a synthetic clinic, print how to sign in and call it, and serve it."""
    if serve:
        check_port(HOST, port, f"`make run PORT={port % PORT_MAX + 1}` or --port")
    with database(migrated=False) as opened:
        prepare(opened)
        rows = _fill(opened)
        key = operate(opened, story.CLINIC, "clients.create", _key)
        page, way_in = _page(opened), _way_in(opened)
    typer.echo(
        LINES.format(
            rows=rows,
            days=KEY_LASTS.days,
            key=key,
            page=page,
            way_in=way_in,
            url=f"http://{HOST}:{port}",
            patient=story.PATIENT,
            session=to_json(story.NEXT_SESSION).decode(),
            after=rows,
        )
    )
    if serve:
        print_message("Ctrl-C stops the server; the data stay.")
        run(HOST, port)


def _fill(opened: Database) -> int:
    """Create the clinic unless it exists, and import its records. Existing records don't change."""
    with opened.reading() as db:
        there = any(clinic["id"] == story.CLINIC for clinic in queries.clinics(db))
    if not there:
        operate(opened, story.CLINIC, "clinics.create", _add)
    for report in import_rows(opened, caller(story.CLINIC), str(uuid7()), _rows()):
        if report.rejected:
            raise RuntimeError(f"the demo's own rows are refused: {report.errors[:3]}")
    return report.received


def _add(op: Operation) -> ClinicView:
    return service.add(op, "Demo clinic", "America/Vancouver")


def _rows() -> Iterator[Row]:
    for line, record in enumerate(story.records(), 1):
        yield Row(line, to_json(record))


def _key(op: Operation) -> Key:
    return clients.add(op, "demo", Scope, op.at + KEY_LASTS)


def _page(opened: Database) -> str:
    """The console's page to begin with. It names the clinic where the database has several."""
    with opened.reading() as db:
        return HOME if only_clinic(db) else f"{HOME}/sign-in/{story.CLINIC}"


def _way_in(opened: Database) -> str:
    """How to sign in at the console: with a password, which the first run generates.

    Later runs can't print it, because only its hash is stored. They don't replace it either: that
    would sign the owner out.
    """
    with opened.reading(story.CLINIC) as db:
        there = account_named(db, story.CLINIC, owners.NAME)
    if there is not None:
        return AS_BEFORE.format(name=owners.NAME, clinic=story.CLINIC)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    hash_ = passwords.hash_password(password)
    operate(opened, story.CLINIC, "accounts.create", lambda op: owners.set_owner(op, hash_))
    return AS_OWNER.format(name=owners.NAME, password=password)
