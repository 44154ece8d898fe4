"""Read emergencies."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, or_, select

from app.auth.actors import named
from app.auth.models import Emergency
from app.core.db.dialects import among
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.emergencies.rules import SERIES_WITHIN, EmergencySeries, Opening, series
from app.emergencies.schemas import EmergencyView, UnreviewedPageView, UnreviewedView
from app.ledger import queries as ledger
from app.ledger.models import LedgerEntry

REVIEW: Final = "emergencies.review"
SHOWN_MAX: Final = 50
"""How many emergencies the list of those to review shows at a time."""

_ORDER = Order((Emergency.id,))
_EMERGENCIES = rows(Emergency)
_ONE = _EMERGENCIES.where(Emergency.id == bindparam("id"))
_LOCKED = _ONE.with_for_update()
_OPEN = rows(Emergency, Emergency.id).where(
    or_(Emergency.practitioner_id == bindparam("practitioner"), among(Emergency.client_id, "of")),
    Emergency.ends_at > bindparam("at"),
    Emergency.ended_at.is_(None),
)
# A review is an entry of the ledger, and is stored nowhere else.
_REVIEW = (
    select(LedgerEntry.number)
    .where(
        LedgerEntry.clinic_id == Emergency.clinic_id,
        LedgerEntry.resource_id == Emergency.id,
        LedgerEntry.kind == "security",
        LedgerEntry.operation == REVIEW,
    )
    .correlate(Emergency)
)
_UNREVIEWED = _EMERGENCIES.where(~_REVIEW.exists()).order_by(Emergency.opened_at, Emergency.id)
_OPENINGS = rows(Emergency, Emergency.id, Emergency.practitioner_id, Emergency.opened_at)
_RECENT = _OPENINGS.where(Emergency.opened_at >= bindparam("since"))
_FIRST, _FURTHER = _ORDER.start(_EMERGENCIES), _ORDER.after(_EMERGENCIES)


def view(row: Row[Any]) -> EmergencyView:
    """The view of emergency access."""
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
    return view(op.one(_LOCKED if for_update else _ONE, id=id))


def open_emergencies(
    op: Operation, practitioner_id: UUID, client_ids: Sequence[UUID]
) -> Sequence[UUID]:
    """The ids of the open emergency access of a practitioner, or of any of these clients."""
    found = op.all(_OPEN, practitioner=practitioner_id, of=list(client_ids), at=op.at)
    return [row.id for row in found]


def emergencies(op: Operation, filters: Filters) -> tuple[Sequence[EmergencyView], str | None]:
    """A page of emergencies, oldest first, including past ones; and the next page's cursor."""
    found, cursor = page(op, _FIRST if filters.cursor is None else _FURTHER, _ORDER, filters)
    return [view(row) for row in found], cursor


def openings_since(op: Operation, since: datetime) -> list[Opening]:
    """The emergency access of the clinic that began at `since` or later."""
    return [Opening(*row) for row in op.all(_RECENT, since=since)]


def unreviewed(op: Operation) -> UnreviewedPageView:
    """The emergency access that nobody has reviewed: that of a series first, then the oldest."""
    found, by_id = _unreviewed(op)
    found = sorted(found, key=lambda row: row.id not in by_id)  # stable: keeps the order of time
    names = named(op, {f"practitioner:{row.practitioner_id}" for row in found[:SHOWN_MAX]})
    shown: list[UnreviewedView] = [
        {
            **view(row),
            "practitioner_name": names.practitioners.get(row.practitioner_id),
            "series": by_id.get(row.id),
            "patients_seen": ledger.patients_read_in_emergency(op, row.id, row.ends_at),
        }
        for row in found[:SHOWN_MAX]
    ]
    return {"items": shown, "more": max(0, len(found) - SHOWN_MAX)}


def unreviewed_series(op: Operation) -> int:
    """How many openings of emergency access belong to a series and are not reviewed yet."""
    found, by_id = _unreviewed(op)
    return sum(row.id in by_id for row in found)


def _unreviewed(op: Operation) -> tuple[Sequence[Row[Any]], Mapping[UUID, EmergencySeries]]:
    found = op.all(_UNREVIEWED)
    if not found:
        return found, {}
    return found, series(openings_since(op, found[0].opened_at - SERIES_WITHIN))
