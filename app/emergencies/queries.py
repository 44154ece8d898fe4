"""Read emergencies."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, or_

from app.auth.models import Emergency
from app.core.db.dialects import among
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.emergencies.schemas import EmergencyView

_ORDER = Order((Emergency.id,))
_EMERGENCIES = rows(Emergency)
_ONE = _EMERGENCIES.where(Emergency.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_OPEN = rows(Emergency, Emergency.id).where(
    or_(Emergency.practitioner_id == bindparam("practitioner"), among(Emergency.client_id, "of")),
    Emergency.ends_at > bindparam("at"),
    Emergency.ended_at.is_(None),
)
_FIRST, _FURTHER = _ORDER.start(_EMERGENCIES), _ORDER.after(_EMERGENCIES)


def _view(row: Row[Any]) -> EmergencyView:
    return {
        "id": row.id,
        "client_id": row.client_id,
        "practitioner_id": row.practitioner_id,
        "reason": row.reason,
        "opened_at": row.opened_at,
        "ends_at": row.ends_at,
        "ended_at": row.ended_at,
    }


def emergency(op: Operation, id: UUID, *, for_update: bool = False) -> EmergencyView:
    """One emergency; `NotFound` if this clinic has none with this id."""
    return _view(op.one(_LOCKED if for_update else _ONE, id=id))


def open_emergencies(
    op: Operation, practitioner_id: UUID, client_ids: Sequence[UUID]
) -> Sequence[UUID]:
    """The ids of the open emergency access of a practitioner, or of any of these clients."""
    found = op.all(_OPEN, practitioner=practitioner_id, of=list(client_ids), at=op.at)
    return [row.id for row in found]


def emergencies(op: Operation, filters: Filters) -> tuple[Sequence[EmergencyView], str | None]:
    """A page of emergencies, oldest first, including past ones; and the next page's cursor."""
    found, cursor = page(op, _FIRST if filters.cursor is None else _FURTHER, _ORDER, filters)
    return [_view(row) for row in found], cursor
