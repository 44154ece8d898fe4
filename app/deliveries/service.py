"""Put things into the outbox, and settle them."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, insert, update

from app.core.operation import CLINIC, Operation
from app.core.values.clock import uuid7
from app.deliveries.models import OutboxItem

_OF_RECORD: Final = (
    OutboxItem.clinic_id == CLINIC,
    OutboxItem.resource == bindparam("what"),
    OutboxItem.resource_id == bindparam("which"),
)
_SETTLE: Final = update(OutboxItem).where(*_OF_RECORD).values(status="settled")
_SCHEDULE: Final = (
    update(OutboxItem)
    .where(*_OF_RECORD)
    .values(status="waiting", due_at=bindparam("due"), raised_at=bindparam("since"))
)
_CLAIM: Final = (
    update(OutboxItem)
    .where(
        *_OF_RECORD,
        OutboxItem.status == "waiting",
        OutboxItem.due_at <= bindparam("at"),
        func.coalesce(OutboxItem.claimed_until, bindparam("at")) <= bindparam("at"),
    )
    .values(claimed_until=bindparam("until"))
)
_RELEASE: Final = update(OutboxItem).where(*_OF_RECORD).values(claimed_until=None)


def announce(op: Operation, resource: str, id: UUID) -> None:
    """Let people be told of a new record, within seconds of the commit."""
    _put(op, resource, id, op.at, op.at)


def _put(op: Operation, resource: str, id: UUID, due_at: datetime, since: datetime) -> None:
    row = {
        "clinic_id": op.clinic_id,
        "id": uuid7(),
        "resource": resource,
        "resource_id": id,
        "status": "waiting",
        "raised_at": since,
        "due_at": due_at,
        "round": 1,
        "tried": [],
        "missed": [],
        "failures": 0,
    }
    op.db.execute(insert(OutboxItem), row)


def schedule(
    op: Operation, resource: str, id: UUID, due_at: datetime | None, since: datetime | None = None
) -> None:
    """Set when something must be done about a record: sent, or looked at. None: nothing more.

    `since` is when it should have been done first, if it was tried in vain.
    """
    if due_at is None:
        settle(op, resource, id)
        return
    began = since or due_at
    values = {"what": resource, "which": id, "due": due_at, "since": began}
    if not op.run(_SCHEDULE, values):
        _put(op, resource, id, due_at, began)


def claim(op: Operation, resource: str, id: UUID, until: datetime) -> bool:
    """Claim what is due, so that nobody else does it until then. Return whether that succeeded.

    The caller has locked the record. So of two that want it, the second one finds the claim.
    """
    values = {"what": resource, "which": id, "until": until, "at": op.at}
    return op.run(_CLAIM, values) == 1


def release(op: Operation, resource: str, id: UUID) -> None:
    """End a claim."""
    op.run(_RELEASE, {"what": resource, "which": id})


def settle(op: Operation, resource: str, id: UUID) -> None:
    """Tell nobody any more of a record: somebody has seen to it. Idempotent."""
    op.run(_SETTLE, {"what": resource, "which": id})
