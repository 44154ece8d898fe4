"""The list of patients by their last visit, and what each of them needs next."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, literal, select

from app.core.db.dialects import among
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.patients.models import Patient
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.records.queries import records, records_for_answer
from app.sessions.models import TreatmentSession
from app.web.console import alerts, due, follow_ups
from app.web.console.chart import plain

_COUNTS: Final = (TreatmentSession.attendance == "attended", TreatmentSession.status != "void")
"""Whether a session is a visit of the patient."""
_LAST: Final = (
    rows(TreatmentSession, func.max(TreatmentSession.occurred_at))
    .where(TreatmentSession.patient_id == Patient.id, *_COUNTS)
    .correlate(Patient)
    .scalar_subquery()
)
_EVERYBODY: Final = rows(
    Patient,
    Patient.id,
    func.coalesce(_LAST, literal(due.BEFORE_ALL, TreatmentSession.occurred_at.type)).label("at"),
).subquery()
_ORDER: Final = Order((_EVERYBODY.c.at, _EVERYBODY.c.id), descending=True)
_START: Final[Select[Any]] = _ORDER.start(select(_EVERYBODY))
_AFTER: Final[Select[Any]] = _ORDER.after(select(_EVERYBODY))
_VISITS: Final = (
    rows(
        TreatmentSession,
        TreatmentSession.patient_id,
        func.max(TreatmentSession.occurred_at).label("at"),
    )
    .where(among(TreatmentSession.patient_id, "ids"), *_COUNTS)
    .group_by(TreatmentSession.patient_id)
)
_DRAFTS: Final = (
    rows(TreatmentSession, TreatmentSession.patient_id, TreatmentSession.id)
    .where(
        among(TreatmentSession.patient_id, "ids"),
        *due.IS_DRAFT,
    )
    .order_by(TreatmentSession.occurred_at, TreatmentSession.id)
)


class Next(NamedTuple):
    """What a list shows beside its patients; ids are text."""

    marked: set[str]
    """Who has an open alert."""
    waiting: dict[str, str]
    """Who is due a call."""
    drafts: dict[str, list[str]]
    """The sessions that nobody has signed, oldest first, by patient."""
    visits: dict[str, str] | None
    """The last visit, by patient; None if the client may not read sessions."""


def by_last_visit(op: Operation, filters: Filters) -> tuple[list[PatientView], str | None]:
    """Return a page of patients, the last seen first, and the cursor of the next page.

    Patients without a visit follow, the newest first. Whoever may not read sessions gets
    the list in the order in which patients were entered, so that it tells nothing of visits.
    """
    if not op.caller.may(Scope.SESSIONS_READ):
        return records(op, PATIENTS, filters)
    statement = _START if filters.cursor is None else _AFTER
    found, cursor = page(op, statement, _ORDER, filters)
    return _in_order(op, [row.id for row in found]), cursor


def whom_due(
    op: Operation, show: due.Show, filters: Filters
) -> tuple[list[PatientView], str | None]:
    """Return a page of one of the lists, and the cursor of the next page. Raises `Forbidden`."""
    if show == "all":
        return by_last_visit(op, filters)
    ids, cursor = due.patients(op, show, filters)
    return _in_order(op, ids), cursor


def _in_order(op: Operation, ids: Sequence[UUID]) -> list[PatientView]:
    views = {one["id"]: one for one in records_for_answer(op, PATIENTS, ids)}
    return [views[id] for id in ids if id in views]


def beside(op: Operation, people: Sequence[PatientView]) -> Next:
    """Return what these patients need next, as far as the client may read it."""
    ids: list[UUID] = [one["id"] for one in people]
    drafts: dict[str, list[str]] = {}
    visits: dict[str, str] | None = None
    if op.caller.may(Scope.SESSIONS_READ):
        for row in op.all(_DRAFTS, ids=ids) if ids else ():
            drafts.setdefault(str(row.patient_id), []).append(str(row.id))
        found = op.all(_VISITS, ids=ids) if ids else ()
        visits = {str(row.patient_id): plain(row.at) for row in found}
    return Next(alerts.marked(op, people), follow_ups.waiting(op, ids), drafts, visits)
