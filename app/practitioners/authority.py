"""The authority of a practitioner: what acts for them, and how it ends when they become inactive.

Their devices, their identities, what these have made, and their open emergency access end together.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, BindParameter, bindparam, or_, select

from app.auth.models import Client, Device, Identity
from app.auth.service import delete_tokens
from app.clients import service as clients
from app.core.operation import CLINIC, Operation, rows
from app.devices import service as devices
from app.emergencies import service as emergencies
from app.emergencies.queries import open_emergencies
from app.practitioners.views import EndedView

REASON: Final = "practitioner inactive"
REVOKE: Final[Mapping[str, Callable[[Operation, UUID, str], object]]] = {
    "device": devices.revoke,
    "identity": clients.revoke_identity,
    "api_key": clients.revoke,
    "backend": clients.revoke,
}
"""How to revoke a client, by its kind. An owner is made by the command line only."""


def _clients_of_practitioner() -> CTE:
    """Return the ids of their devices and identities, and of what these have made in turn."""
    own: BindParameter[UUID] = bindparam("practitioner")
    by_device = rows(Device, Device.client_id).where(Device.practitioner_id == own)
    by_identity = rows(Identity, Identity.client_id).where(Identity.practitioner_id == own)
    first = rows(Client, Client.id).where(or_(Client.id.in_(by_device), Client.id.in_(by_identity)))
    held = first.cte("held", recursive=True)
    made = select(Client.id).join(held, Client.made_by == held.c.id)
    return held.union(made.where(Client.clinic_id == CLINIC))


_held = _clients_of_practitioner()
_IN_FORCE = (
    rows(Client, Client.id, Client.kind)
    .join(_held, Client.id == _held.c.id)
    .where(Client.revoked_at.is_(None))
    .order_by(Client.id)
)


def end(op: Operation, practitioner_id: UUID) -> None:
    """End all authority of a practitioner, each part with its own ledger entry. Idempotent."""
    held: Any = op.all(_IN_FORCE, practitioner=practitioner_id)
    for id in open_emergencies(op, practitioner_id, [client.id for client in held]):
        emergencies.end(op, id, REASON)
    for client in held:
        REVOKE[client.kind](op, client.id, REASON)
        delete_tokens(op, client.id)


def ended(op: Operation) -> EndedView | None:
    """Return what this operation has ended, from its ledger entries; None if nothing."""
    view: EndedView = {"devices": [], "identities": [], "clients": [], "emergencies": []}
    parts: dict[str, list[UUID]] = dict(view)  # type: ignore[arg-type]
    for entry in op.entries:
        if entry.reason == REASON and entry.resource in parts:
            parts[entry.resource].append(entry.resource_id)
    return view if any(parts.values()) else None
