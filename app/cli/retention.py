"""`retention`: how long records are kept, and their lawful destruction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer

from app.cli.audit import AnyClinic
from app.cli.console import AsJson, database, fail, known, operate, put
from app.core.values.problems import NotFound
from app.retention import queries, service
from app.retention.errors import NotErasable

REASON_MAX = 500

retention = typer.Typer(
    help="Say how long records are kept; hold them; erase them.", no_args_is_help=True
)

PatientId = Annotated[UUID, typer.Argument(metavar="PATIENT", help="The patient's id.")]


def _reason(given: str) -> str:
    if not (1 <= len(given.strip()) <= REASON_MAX and given.isprintable()):
        raise typer.BadParameter(f"Give 1 to {REASON_MAX} printable characters, in one line.")
    return given.strip()


Reason = Annotated[
    str,
    typer.Option(help="Why. It stays in the ledger for good: no names.", callback=_reason),
]


@contextmanager
def _told() -> Iterator[None]:
    """Say why a record can't be erased."""
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
        int, typer.Option(min=0, max=30, help="The age at which a child's years begin.")
    ] = 18,
    clinic_id: AnyClinic = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Set how long the clinic keeps records. Without a policy nothing is ever erased."""
    with database() as opened, _told():
        clinic = known(opened, clinic_id)
        found = operate(
            opened, clinic, "retention.policy", lambda op: service.set_policy(op, years, majority)
        )
    text = f"Records are kept for {years} years; a child's from the age of {majority}."
    put(found, as_json=as_json, text=text)


@retention.command("hold")
def hold(patient_id: PatientId, reason: Reason, clinic_id: AnyClinic = None) -> None:
    """Keep a patient's record, whatever the policy says."""
    with database() as opened, _told():
        clinic = known(opened, clinic_id)
        work = "retention.hold"
        operate(opened, clinic, work, lambda op: service.hold(op, patient_id, reason))
    typer.echo("On hold.")


@retention.command("release")
def release(patient_id: PatientId, reason: Reason, clinic_id: AnyClinic = None) -> None:
    """End a hold."""
    with database() as opened, _told():
        clinic = known(opened, clinic_id)
        work = "retention.release"
        operate(opened, clinic, work, lambda op: service.release(op, patient_id, reason))
    typer.echo("Released.")


@retention.command("due")
def due(patient_id: PatientId, clinic_id: AnyClinic = None, *, as_json: AsJson = False) -> None:
    """Tell from which day on a patient may be erased, and whether a hold is on the record."""
    with database() as opened, _told():
        clinic = known(opened, clinic_id)
        work = "retention.due"
        day, held = operate(
            opened,
            clinic,
            work,
            lambda op: (queries.due(op, patient_id), queries.held(op, patient_id)),
        )
    text = f"From {day} on." + (" A legal hold is on the record." if held else "")
    put({"erasable_on": day, "on_hold": held}, as_json=as_json, text=text)


@retention.command("erase")
def erase(patient_id: PatientId, reason: Reason, clinic_id: AnyClinic = None) -> None:
    """Destroy all that is recorded of a patient, once it is due. This can't be undone."""
    with database() as opened, _told():
        clinic = known(opened, clinic_id)
        operate(opened, clinic, service.ERASE, lambda op: service.erase(op, patient_id, reason))
    typer.echo("Erased. The ledger says so.")
