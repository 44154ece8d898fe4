"""Find the practitioners behind a client, and whether they are inactive."""

from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

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
    select,
    table,
)

from app.auth.models import Account, Client, Device, Identity
from app.auth.rules import is_inactive
from app.core.operation import CLINIC, rows
from app.core.values.access import Caller
from app.core.values.clock import clinic_day, now


class Behind(NamedTuple):
    """A practitioner behind a client."""

    id: UUID
    inactive: bool
    """Whether they are inactive today, by the clinic's time zone."""


def _practitioners() -> Select[Any]:
    """Select the practitioners behind a client, with what decides whether they are inactive.

    They are those of its own device, identity or account, and those of the clients that made it.
    `auth` is below the practitioners' and clinics' own packages, so this names their tables.
    """
    practitioners = table(
        "practitioners",
        column("clinic_id", Uuid()),
        column("id", Uuid()),
        column("status", String()),
        column("inactive_from", Date()),
    )
    clinics = table("clinics", column("clinic_id", Uuid()), column("time_zone", String()))
    own = rows(Client, Client.id, Client.made_by).where(Client.id == bindparam("client_id"))
    chain = own.cte("chain", recursive=True)
    above = select(Client.id, Client.made_by).join(chain, Client.id == chain.c.made_by)
    chain = chain.union(above.where(Client.clinic_id == CLINIC))
    tables = (Device.__table__, Identity.__table__, Account.__table__)
    person = func.coalesce(*(of.c.practitioner_id for of in tables))
    every: FromClause = chain
    for of in tables:
        every = every.outerjoin(of, _of_client(of, chain))
    person_columns = (practitioners.c.id, practitioners.c.status, practitioners.c.inactive_from)
    return (
        select(*person_columns, clinics.c.time_zone)
        .select_from(every)
        .join(practitioners, practitioners.c.id == person)
        .join(clinics, clinics.c.clinic_id == practitioners.c.clinic_id)
        .where(practitioners.c.clinic_id == CLINIC)
    )


def _of_client(rows_of: FromClause, chain: CTE) -> ColumnElement[bool]:
    """Return the condition that a device, identity or account is a client of the chain."""
    return and_(rows_of.c.clinic_id == CLINIC, rows_of.c.client_id == chain.c.id)


_BEHIND = _practitioners()


def practitioners_behind(db: Connection, clinic_id: UUID, client_id: UUID) -> list[Behind]:
    """The practitioners whose device, identity or account this client is, or made it."""
    found = db.execute(_BEHIND, {"clinic": clinic_id, "client_id": client_id})
    return [
        Behind(id, is_inactive(status, inactive_from, clinic_day(now(), ZoneInfo(time_zone))))
        for id, status, inactive_from, time_zone in found
    ]


def is_behind(db: Connection, caller: Caller, practitioner_id: UUID) -> bool:
    """Return whether a practitioner is who calls, or is behind the caller's client.

    Behind a client are those who made it, and who made these. Whoever makes an account also gets
    its invitation, and may be who uses it.
    """
    if practitioner_id in {caller.practitioner_id, caller.behind}:
        return True
    if caller.client_id is None:
        return False
    behind = practitioners_behind(db, caller.clinic_id, caller.client_id)
    return any(each.id == practitioner_id for each in behind)
