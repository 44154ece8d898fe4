"""Make practitioners inactive when their day comes.

A background step, so the stored status follows the day within a minute. The check of each token
does not wait for it: it compares the day itself.
"""

from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Exists, and_, bindparam, exists, or_, select

from app.auth.models import Client, Device, Identity
from app.core.db.database import Database
from app.core.operation import CLINIC, Operation, perform, rows
from app.core.values.access import Caller
from app.core.values.clock import clinic_day, uuid7
from app.ledger.models import LedgerHead
from app.practitioners import authority
from app.practitioners.models import Practitioner
from app.practitioners.rules import activity_of
from app.practitioners.service import PRACTITIONERS
from app.records import service as records

OPERATION: Final = "practitioners.deactivate"
SERVER: Final = "server"
"""The actor of what the server does by itself."""

# Like the look-up of a token, this query can't filter by clinic: it lists the clinics.
_CLINICS = select(LedgerHead.clinic_id).order_by(LedgerHead.clinic_id)


def _has_client(table: type[Device | Identity]) -> Exists:
    """Return the condition that a practitioner has a device or identity that isn't revoked."""
    client = and_(Client.clinic_id == CLINIC, Client.id == table.client_id)
    return exists().where(
        table.clinic_id == CLINIC,
        table.practitioner_id == Practitioner.id,
        client,
        Client.revoked_at.is_(None),
    )


_DUE = rows(Practitioner, Practitioner.id).where(
    or_(
        and_(Practitioner.status == "active", Practitioner.inactive_from <= bindparam("day")),
        and_(Practitioner.status == "inactive", or_(_has_client(Device), _has_client(Identity))),
    )
)


def end_departed(database: Database) -> None:
    """Make the practitioners inactive whose day has come, and end their authority.

    Also end what is left of practitioners who are inactive already, such as a device from before
    an upgrade. Several processes may do this at once.
    """
    with database.reading() as db:
        clinic_ids = db.execute(_CLINICS).scalars().all()
    for clinic_id in clinic_ids:
        op = _operation(clinic_id)
        with database.reading(clinic_id) as db:
            op.begin(db)
            due = [row.id for row in op.all(_DUE, day=clinic_day(op.at))]
        for id in due:
            op = _operation(clinic_id)
            perform(database, op, partial(_end, op, id))


def _operation(clinic_id: UUID) -> Operation:
    return Operation(OPERATION, Caller(clinic_id, None, SERVER, frozenset()), str(uuid7()))


def _end(op: Operation, id: UUID) -> None:
    practitioner = records.lock_record(op, PRACTITIONERS, id)
    activity = activity_of(practitioner, clinic_day(op.at))
    if activity.status == "inactive":
        records.store(op, PRACTITIONERS, practitioner, activity._asdict())
        authority.end(op, id)
