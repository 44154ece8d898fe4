"""Find the practitioners behind a client, and whether they are inactive."""

from typing import Any, NamedTuple
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
    false,
    func,
    or_,
    select,
    table,
)

from app.auth.models import Client, Device, Identity
from app.core.operation import CLINIC, rows
from app.core.values.clock import clinic_day, now


class Behind(NamedTuple):
    """A practitioner behind a client."""

    id: UUID
    inactive: bool
    """Whether they are inactive on the day."""


def _practitioners() -> Select[Any]:
    """Select the practitioners behind a client, each with whether they are inactive on a day.

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
    inactive = or_(
        practitioners.c.status == "inactive",
        func.coalesce(practitioners.c.inactive_from <= bindparam("day"), false()),
    )
    return (
        select(practitioners.c.id, inactive)
        .select_from(chain)
        .outerjoin(devices, _of_client(devices, chain))
        .outerjoin(identities, _of_client(identities, chain))
        .join(practitioners, practitioners.c.id == person)
        .where(practitioners.c.clinic_id == CLINIC)
    )


def _of_client(rows_of: FromClause, chain: CTE) -> ColumnElement[bool]:
    """Return the condition that a device or identity is a client of the chain."""
    return and_(rows_of.c.clinic_id == CLINIC, rows_of.c.client_id == chain.c.id)


_BEHIND = _practitioners()


def practitioners_behind(db: Connection, clinic_id: UUID, client_id: UUID) -> list[Behind]:
    """The practitioners whose device or identity this client is, or made it."""
    held = {"clinic": clinic_id, "client_id": client_id, "day": clinic_day(now())}
    return [Behind(id, bool(inactive)) for id, inactive in db.execute(_BEHIND, held)]
