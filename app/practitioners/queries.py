"""Find what acts for a practitioner, whose authority has to end, and names that others know."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, BindParameter, Exists, Row, and_, bindparam, exists, or_, select

from app.auth.models import Account, Client, Device, Identity
from app.clinics.queries import clinic
from app.core.operation import CLINIC, Operation, rows
from app.core.values.names import full_name
from app.practitioners.models import Practitioner

_PERSONAL: tuple[type[Device | Identity | Account], ...] = (Device, Identity, Account)
"""The tables of clients that act for a practitioner."""
_NAMES = rows(Practitioner, Practitioner.given_name, Practitioner.family_name)


def _clients_of_practitioner() -> CTE:
    """Return the ids of their personal clients, and of what these have made in turn.

    Accounts that they made for others are left out: those stop working with their maker, and work
    again once somebody else vouches for them.
    """
    own: BindParameter[UUID] = bindparam("practitioner")
    personal = (
        rows(table, table.client_id).where(table.practitioner_id == own) for table in _PERSONAL
    )
    first = rows(Client, Client.id).where(or_(*(Client.id.in_(ids) for ids in personal)))
    held = first.cte("held", recursive=True)
    made = select(Client.id).join(held, Client.made_by == held.c.id)
    return held.union(made.where(Client.clinic_id == CLINIC, Client.kind != "account"))


def _has_client(table: type[Device | Identity | Account]) -> Exists:
    """Return the condition that a practitioner has a client of this kind that isn't revoked."""
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
            and_(Practitioner.status == "inactive", or_(*map(_has_client, _PERSONAL))),
        )
    )
    .order_by(Practitioner.id)
)


def known_names(op: Operation) -> list[str]:
    """The names of the clinic and its practitioners, which others know: no password may be one."""
    people = [(row.given_name, row.family_name) for row in op.all(_NAMES)]
    either_way = [name for pair in people for name in (full_name(*pair), full_name(*pair[::-1]))]
    return [clinic(op)["name"], *either_way]


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
