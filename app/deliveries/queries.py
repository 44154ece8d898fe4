"""Read the outbox and the deliveries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, case, func, select

from app.core.db.dialects import among
from app.core.operation import Operation, rows
from app.deliveries.models import Delivery, OutboxItem
from app.deliveries.rules import Telling
from app.deliveries.views import DeliveryView

ALERTS: Final = "alerts"
"""What the courier tells people of. Others who put things into the outbox see to them."""
_WAITING: Final = and_(OutboxItem.status == "waiting", OutboxItem.resource == ALERTS)
_UNTOLD: Final = OutboxItem.told_at.is_(None)
# Like the look-up of a token, this query can't filter by clinic: it finds the clinics.
_OUTBOXES: Final = (
    select(
        OutboxItem.clinic_id,
        func.min(OutboxItem.due_at).label("due_at"),
        func.count().filter(_UNTOLD).label("untold"),
        func.min(case((_UNTOLD, OutboxItem.raised_at))).label("untold_since"),
    )
    .where(_WAITING)
    .group_by(OutboxItem.clinic_id)
)
_NEXT: Final = (
    rows(OutboxItem)
    .where(
        _WAITING,
        OutboxItem.due_at <= bindparam("at"),
        func.coalesce(OutboxItem.claimed_until, bindparam("at")) <= bindparam("at"),
    )
    # What was never tried comes first: it must not wait for those who can't be reached.
    .order_by(OutboxItem.failures > 0, OutboxItem.due_at, OutboxItem.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ITEM: Final = rows(OutboxItem).where(OutboxItem.id == bindparam("this")).with_for_update()
_DELIVERY: Final = rows(Delivery).where(Delivery.id == bindparam("this"))
_DELIVERIES: Final = (
    rows(Delivery)
    .where(Delivery.resource == bindparam("resource"), among(Delivery.resource_id, "of"))
    .order_by(Delivery.first_at, Delivery.id)
)


class Outbox(NamedTuple):
    """What waits in the outbox of one clinic."""

    clinic_id: UUID
    due_at: datetime
    """When the next message is due."""
    untold: int
    """How many things nobody was told of yet."""
    untold_since: datetime | None
    """When the oldest of them was raised."""


def outboxes(db: Connection) -> list[Outbox]:
    """The outboxes of all clinics in which something waits."""
    return [Outbox(*row) for row in db.execute(_OUTBOXES)]


def next_item(op: Operation) -> Row[Any] | None:
    """The outbox item that is due and that no courier has; it stays locked."""
    return op.first(_NEXT, at=op.at)


def item(op: Operation, id: UUID) -> Row[Any] | None:
    """An outbox item, locked; None if it is gone."""
    return op.first(_ITEM, this=id)


def telling(item: Row[Any]) -> Telling:
    """How far people have been told of an item."""
    return Telling(
        item.raised_at,
        item.told_at,
        item.round,
        tuple(item.tried),
        tuple(item.missed),
        item.failures,
    )


def delivery(op: Operation, id: UUID) -> Row[Any] | None:
    """A delivery; None if its message was not tried yet."""
    return op.first(_DELIVERY, this=id)


def deliveries(op: Operation, resource: str, ids: Sequence[UUID]) -> dict[UUID, list[DeliveryView]]:
    """The deliveries about each of these records, oldest first."""
    found: dict[UUID, list[DeliveryView]] = {id: [] for id in ids}
    for row in op.all(_DELIVERIES, resource=resource, of=list(ids)):
        found[row.resource_id].append(view(row))
    return found


def view(row: Row[Any]) -> DeliveryView:
    """The view of a delivery."""
    return {
        "id": row.id,
        "to": row.recipient,
        "channel": row.channel,
        "status": row.status,
        "first_at": row.first_at,
        "at": row.at,
        "attempts": row.attempts,
        "reason": row.reason,
    }
