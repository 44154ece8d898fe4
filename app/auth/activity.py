"""Find the practitioner behind a client, and whether they are inactive."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Date,
    FromClause,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
)

from app.auth.models import Client, Device, Identity
from app.core.operation import CLINIC, rows
from app.core.values.clock import clinic_day, now


def _practitioners(*, inactive: bool) -> Select[Any]:
    """Select a practitioner behind a client; if `inactive`, one who is inactive on a day.

    They are those of its own device or identity, and those of the clients that made it. `auth` is
    below the practitioners' own package, so this names their table.
    """
    practitioners = table(
        "practitioners",
        column("clinic_id", Uuid()),
        column("id", Uuid()),
        column("status", String()),
        column("inactive_from", Date()),
    )
    own = rows(Client, Client.id, Client.made_by).where(Client.id == bindparam("client_id"))
    chain = own.cte("chain", recursive=True)
    above = select(Client.id, Client.made_by).join(chain, Client.id == chain.c.made_by)
    chain = chain.union(above.where(Client.clinic_id == CLINIC))
    devices, identities = Device.__table__, Identity.__table__
    person = func.coalesce(devices.c.practitioner_id, identities.c.practitioner_id)
    found = (
        select(practitioners.c.id)
        .select_from(chain)
        .outerjoin(devices, _of_client(devices, chain))
        .outerjoin(identities, _of_client(identities, chain))
        .join(practitioners, practitioners.c.id == person)
        .where(practitioners.c.clinic_id == CLINIC)
        .limit(1)
    )
    has_ended = or_(
        practitioners.c.status == "inactive", practitioners.c.inactive_from <= bindparam("day")
    )
    return found.where(has_ended) if inactive else found


def _of_client(rows_of: FromClause, chain: CTE) -> ColumnElement[bool]:
    """Return the condition that a device or identity is a client of the chain."""
    return and_(rows_of.c.clinic_id == CLINIC, rows_of.c.client_id == chain.c.id)


_INACTIVE = _practitioners(inactive=True)
_BEHIND = _practitioners(inactive=False)


def acts_for_inactive_practitioner(db: Connection, clinic_id: UUID, client_id: UUID) -> bool:
    """Whether a practitioner behind this client, or behind a client that made it, is inactive."""
    held = {"clinic": clinic_id, "client_id": client_id, "day": clinic_day(now())}
    return db.execute(_INACTIVE, held).first() is not None


def practitioner_behind(db: Connection, clinic_id: UUID, client_id: UUID) -> UUID | None:
    """The practitioner whose device or identity made this client, if there is one."""
    found = db.execute(_BEHIND, {"clinic": clinic_id, "client_id": client_id}).first()
    return None if found is None else found.id
