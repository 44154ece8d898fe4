"""Put things into the outbox, and settle them."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, insert, update

from app.core.operation import CLINIC, Operation
from app.core.values.clock import uuid7
from app.deliveries.models import OutboxItem

_OF_RECORD: Final = (
    OutboxItem.clinic_id == CLINIC,
    OutboxItem.resource == bindparam("what"),
    OutboxItem.resource_id == bindparam("which"),
)
_SETTLE: Final = update(OutboxItem).where(*_OF_RECORD).values(status="settled")


def announce(op: Operation, resource: str, id: UUID) -> None:
    """Let people be told of a new record, within seconds of the commit."""
    row = {
        "clinic_id": op.clinic_id,
        "id": uuid7(),
        "resource": resource,
        "resource_id": id,
        "status": "waiting",
        "raised_at": op.at,
        "due_at": op.at,
        "round": 1,
        "tried": [],
        "missed": [],
        "failures": 0,
    }
    op.db.execute(insert(OutboxItem), row)


def settle(op: Operation, resource: str, id: UUID) -> None:
    """Tell nobody any more of a record: somebody has seen to it. Idempotent."""
    op.run(_SETTLE, {"what": resource, "which": id})
