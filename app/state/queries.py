"""Read what the walk has found so far."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from prometheus_client import Gauge
from sqlalchemy import Row

from app.core.operation import Operation, rows
from app.core.values.problems import Unreadable
from app.records import marks
from app.records.models import FoundDifference
from app.state.models import StateWalk

DIFFERENCES = Gauge(
    "needlework_state_differences",
    "Rows and ledgers that are not what the ledger states, by the last check of each.",
)
_DIFFERENCES = rows(FoundDifference).order_by(FoundDifference.resource, FoundDifference.resource_id)
_WALK = rows(StateWalk)


class Walked(NamedTuple):
    """How far the walk of a clinic has come."""

    began_at: datetime
    finished_at: datetime | None
    """When the last complete walk was finished."""


def differences(op: Operation) -> Sequence[Row[Any]]:
    """Return the open differences of the operation's clinic."""
    return op.all(_DIFFERENCES)


def walked(op: Operation) -> Walked | None:
    """Return how far the walk has come; None before the first one."""
    try:
        found = op.first(_WALK)
    except Unreadable:
        return None
    return None if found is None else Walked(found.began_at, found.finished_at)


def remember_differences(op: Operation) -> int:
    """Mark the clinic's differing records in this process, and return their number."""
    found = differences(op)
    marks.remember(op.clinic_id, ((row.resource, row.resource_id) for row in found))
    return len(found)
