"""`retention`: how long records are kept, legal holds, and erasure."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.exc import ProgrammingError

from app.cli.audit import AnyClinic
from app.cli.console import (
    AsJson,
    database,
    driver_message,
    existing_clinic,
    fail,
    operate,
    print_result,
)
from app.core.values.problems import NotFound
from app.core.values.text import is_blank, one_line
from app.retention import queries, service
from app.retention.errors import NotErasable
from app.settings import settings

REASON_MAX = 500
NOT_ALLOWED = "42501"
AS_OWNER = (
    "Only the owner of the tables may erase. Let NEEDLEWORK_OWNER_URL name that role:"
    " see Two roles on PostgreSQL in docs/operator.md."
)

retention = typer.Typer(
    help="Set how long records are kept, put them on hold, erase them.", no_args_is_help=True
)

PatientId = Annotated[UUID, typer.Argument(metavar="PATIENT", help="The patient's id.")]


def _reason(given: str) -> str:
    reason = one_line(given)
    if is_blank(reason) or len(reason) > REASON_MAX or not given.isprintable():
        raise typer.BadParameter(f"Give 1 to {REASON_MAX} printable characters, in one line.")
    return reason


Reason = Annotated[
    str,
    typer.Option(help="Why. The ledger keeps it forever: name nobody.", callback=_reason),
]


@contextmanager
def _explained() -> Iterator[None]:
    """Print why a record can't be erased, and exit."""
    try:
        yield
    except NotErasable as refusal:
        fail(str(refusal))
    except NotFound:
        fail("This clinic has no patient with this id.")


@retention.command("policy")
def set_policy(
    years: Annotated[int, typer.Option(min=1, max=100, help="Years after the last contact.")],
    majority: Annotated[
        int, typer.Option(min=0, max=30, help="The age from which a child's years are counted.")
    ] = 18,
    clinic_id: AnyClinic = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Set how long the clinic keeps records. Without a policy nothing is ever erased."""
    with database() as opened, _explained():
        clinic = existing_clinic(opened, clinic_id)
        found = operate(
            opened, clinic, "retention.policy", lambda op: service.set_policy(op, years, majority)
        )
    text = f"Records are kept for {years} years; a child's years start at the age of {majority}."
    print_result(found, as_json=as_json, text=text)


@retention.command("hold")
def hold(patient_id: PatientId, reason: Reason, clinic_id: AnyClinic = None) -> None:
    """Keep a patient's record, even when the policy allows its erasure."""
    with database() as opened, _explained():
        clinic = existing_clinic(opened, clinic_id)
        work = "retention.hold"
        operate(opened, clinic, work, lambda op: service.hold(op, patient_id, reason))
    typer.echo("On hold.")


@retention.command("release")
def release(patient_id: PatientId, reason: Reason, clinic_id: AnyClinic = None) -> None:
    """End a hold."""
    with database() as opened, _explained():
        clinic = existing_clinic(opened, clinic_id)
        work = "retention.release"
        operate(opened, clinic, work, lambda op: service.release(op, patient_id, reason))
    typer.echo("Released.")


@retention.command("due")
def due(patient_id: PatientId, clinic_id: AnyClinic = None, *, as_json: AsJson = False) -> None:
    """Print from which day a patient may be erased, and whether a legal hold prevents it."""
    with database() as opened, _explained():
        clinic = existing_clinic(opened, clinic_id)
        work = "retention.due"
        day, held = operate(
            opened,
            clinic,
            work,
            lambda op: (queries.due(op, patient_id), queries.held(op, patient_id)),
        )
    text = f"May be erased from {day} on." + (" A legal hold is on the record." if held else "")
    print_result({"erasable_on": day, "on_hold": held}, as_json=as_json, text=text)


@retention.command("erase")
def erase(patient_id: PatientId, reason: Reason, clinic_id: AnyClinic = None) -> None:
    """Erase all records of a patient, once that is due. This can't be undone.

    On PostgreSQL it works as the owner of the tables: see NEEDLEWORK_OWNER_URL.
    """
    with database(settings().owner_url) as opened, _explained():
        clinic = existing_clinic(opened, clinic_id)
        work = lambda op: service.erase(op, patient_id, reason)  # noqa: E731 - one expression
        try:
            operate(opened, clinic, service.ERASE, work, owning=True)
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", None) != NOT_ALLOWED:
                raise
            fail(f"The database refuses: {driver_message(error)}. {AS_OWNER}")
    typer.echo("Erased. The ledger has an entry of it.")
