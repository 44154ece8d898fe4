"""Read devices."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam

from app.auth.models import Client, Device
from app.core.http.pages import Filters, Order, page
from app.core.operation import CLINIC, Operation, rows
from app.devices.schemas import DeviceView

_ORDER = Order((Client.id,))
_COLUMNS = (
    *(Client.id, Client.name, Client.scopes, Client.created_at, Client.revoked_at),
    *(Device.practitioner_id, Device.code_digest, Device.code_expires_at, Device.enrolled_at),
)
_DEVICES = (
    rows(Client, *_COLUMNS)
    .join(Device, Device.client_id == Client.id)
    .where(Device.clinic_id == CLINIC)
)
_ONE = _DEVICES.where(Client.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_FIRST, _FURTHER = _ORDER.start(_DEVICES), _ORDER.after(_DEVICES)


def view(row: Row[Any]) -> DeviceView:
    """The view of a device."""
    return {
        "id": row.id,
        "name": row.name,
        "practitioner_id": row.practitioner_id,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "code_expires_at": row.code_expires_at,
        "enrolled_at": row.enrolled_at,
        "revoked_at": row.revoked_at,
    }


def locked(op: Operation, id: UUID) -> Row[Any]:
    """One device, locked until the commit; `NotFound` if this clinic has none with this id."""
    return op.one(_LOCKED, id=id)


def device(op: Operation, id: UUID) -> DeviceView:
    """One device; `NotFound` if this clinic has none with this id."""
    return view(op.one(_ONE, id=id))


def devices(op: Operation, filters: Filters) -> tuple[Sequence[DeviceView], str | None]:
    """A page of devices, oldest first, including revoked ones; and the next page's cursor."""
    found, cursor = page(op, _FIRST if filters.cursor is None else _FURTHER, _ORDER, filters)
    return [view(row) for row in found], cursor
