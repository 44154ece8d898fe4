"""Read devices."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam

from app.auth.models import Client
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation
from app.core.values.problems import NotFound
from app.credentials import queries as credentials
from app.credentials.queries import CLIENTS, stated_device
from app.devices.schemas import DeviceView

_ORDER = Order((Client.id,))
_DEVICES = CLIENTS.where(Client.kind == "device")
_ONE = _DEVICES.where(Client.id == bindparam("id"))
_FIRST, _FURTHER = _ORDER.start(_DEVICES), _ORDER.after(_DEVICES)


def view(row: Row[Any]) -> DeviceView:
    """The view of a device."""
    return {**stated_device(row), "made_by": row.made_by}


def locked(op: Operation, id: UUID) -> Row[Any]:
    """One device, locked until the commit; `NotFound` if this clinic has none with this id."""
    row = credentials.locked(op, id)
    if row.kind != "device":
        raise NotFound
    return row


def device(op: Operation, id: UUID) -> DeviceView:
    """One device; `NotFound` if this clinic has none with this id."""
    return view(op.one(_ONE, id=id))


def devices(op: Operation, filters: Filters) -> tuple[Sequence[DeviceView], str | None]:
    """A page of devices, oldest first, including revoked ones; and the next page's cursor."""
    found, cursor = page(op, _FIRST if filters.cursor is None else _FURTHER, _ORDER, filters)
    return [view(row) for row in found], cursor
