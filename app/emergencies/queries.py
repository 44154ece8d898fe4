"""Read emergencies."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam

from app.auth.models import Emergency
from app.core.operation import Operation, rows
from app.core.pages import Filters, Order, page
from app.emergencies.schemas import EmergencyView

_ORDER = Order((Emergency.id,))
_EMERGENCIES = rows(Emergency)
_ONE = _EMERGENCIES.where(Emergency.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_FIRST, _FURTHER = _ORDER.start(_EMERGENCIES), _ORDER.after(_EMERGENCIES)


def view(row: Row[Any]) -> dict[str, Any]:
    """The view of an emergency."""
    return {name: getattr(row, name) for name in EmergencyView.model_fields}


def emergency(op: Operation, id: UUID, *, for_update: bool = False) -> dict[str, Any]:
    """One emergency; `NotFound` if this clinic has none with this id."""
    return view(op.one(_LOCKED if for_update else _ONE, id=id))


def emergencies(op: Operation, filters: Filters) -> tuple[Sequence[dict[str, Any]], str | None]:
    """A page of emergencies, oldest first, including past ones; and the next page's cursor."""
    found, cursor = page(op, _FIRST if filters.cursor is None else _FURTHER, _ORDER, filters)
    return [view(row) for row in found], cursor
