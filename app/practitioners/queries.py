"""Find what acts for a practitioner, and whose authority has to end."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, BindParameter, Exists, Row, and_, bindparam, exists, or_, select

from app.auth.models import Client, Device, Identity
from app.core.operation import CLINIC, Operation, rows
from app.practitioners.models import Practitioner


def _clients_of_practitioner() -> CTE:
    """Return the ids of their devices and identities, and of what these have made in turn."""
    own: BindParameter[UUID] = bindparam("practitioner")
    by_device = rows(Device, Device.client_id).where(Device.practitioner_id == own)
    by_identity = rows(Identity, Identity.client_id).where(Identity.practitioner_id == own)
    first = rows(Client, Client.id).where(or_(Client.id.in_(by_device), Client.id.in_(by_identity)))
    held = first.cte("held", recursive=True)
    made = select(Client.id).join(held, Client.made_by == held.c.id)
    return held.union(made.where(Client.clinic_id == CLINIC))


def _has_client(table: type[Device | Identity]) -> Exists:
    """Return the condition that a practitioner has a device or identity that isn't revoked."""
    return exists().where(
        table.clinic_id == CLINIC,
        table.practitioner_id == Practitioner.id,
        Client.clinic_id == CLINIC,
        Client.id == table.client_id,
        Client.revoked_at.is_(None),
    )


_held = _clients_of_practitioner()
_IN_FORCE = (
    rows(Client, Client.id, Client.kind)
    .join(_held, Client.id == _held.c.id)
    .where(Client.revoked_at.is_(None))
    .order_by(Client.id)
)
_TO_END = (
    rows(Practitioner, Practitioner.id)
    .where(
        or_(
            and_(Practitioner.status == "active", Practitioner.inactive_from <= bindparam("day")),
            and_(
                Practitioner.status == "inactive", or_(_has_client(Device), _has_client(Identity))
            ),
        )
    )
    .order_by(Practitioner.id)
)


def clients_in_force(op: Operation, practitioner_id: UUID) -> Sequence[Row[Any]]:
    """Return id and kind of the clients of a practitioner, and of all that these have made.

    Revoked clients are left out.
    """
    return op.all(_IN_FORCE, practitioner=practitioner_id)


def practitioners_to_end(op: Operation, day: date) -> Sequence[UUID]:
    """Return the practitioners whose day has come, and the inactive ones who still have a client.

    A practitioner may have one left from before an upgrade.
    """
    return [row.id for row in op.all(_TO_END, day=day)]
