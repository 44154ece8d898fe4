"""Drafts that were begun, such as by a screening, but say nothing of a visit yet."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam

from app.core.db.dialects import unindexed
from app.core.operation import Operation
from app.core.values.clock import clinic_day
from app.sessions.models import TreatmentSession
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView

CONTENT: Final = (
    *("measurements", "findings", "needlings", "needle_count", "co_interventions", "aftercare"),
    *("note", "plan"),
)
"""What a visit is told by. A draft without any of it is empty."""
_DRAFTS: Final = SESSIONS.select.where(
    TreatmentSession.patient_id == bindparam("patient_id"),
    unindexed(TreatmentSession.status) == "draft",
    TreatmentSession.attendance == "attended",
)


def drafts(op: Operation, patient_id: UUID) -> list[SessionView]:
    """Return the patient's attended drafts, the newest first. The caller records the access."""
    found = map(SESSIONS.view_of, op.all(_DRAFTS, patient_id=patient_id))
    return sorted(found, key=lambda one: (one["occurred_at"], one["id"]), reverse=True)


def is_empty(session: SessionView) -> bool:
    """Return whether a session says nothing of a visit."""
    view: Any = session
    return not any(view[member] for member in CONTENT)


def not_yet_visits(op: Operation, found: Iterable[SessionView]) -> list[UUID]:
    """Return which drafts are no visit to look back at: the empty ones, and those begun today."""
    return [one["id"] for one in found if is_empty(one) or _is_begun(op, one, op.at)]


def begun_today(op: Operation, patient_id: UUID) -> SessionView | None:
    """Return the draft of today, without needles, with which a visit goes on; else None.

    It is the newest one of the practitioner who is signed in, or anybody's for another caller.
    """
    return next(begun(op, drafts(op, patient_id), op.at, op.caller.practitioner_id), None)


def begun(
    op: Operation, found: Iterable[SessionView], at: datetime, practitioner_id: UUID | None
) -> Iterator[SessionView]:
    """Yield the drafts without needles of the clinic day of `at`, of one practitioner or all."""
    for one in found:
        if practitioner_id in {None, one["practitioner_id"]} and _is_begun(op, one, at):
            yield one


def _is_begun(op: Operation, session: SessionView, at: datetime) -> bool:
    day = clinic_day(session["occurred_at"], op.zone)
    return not session["needlings"] and day == clinic_day(at, op.zone)
