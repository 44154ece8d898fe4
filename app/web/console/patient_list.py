"""The list of patients by their last visit, and what each of them needs next."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Uuid, and_, bindparam, func, literal, or_, select

from app.core.db.dialects import among
from app.core.http.pages import Filters, Order, page
from app.core.operation import Operation, rows
from app.core.values.access import Scope
from app.patients.models import Patient
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.records.queries import records_for_answer
from app.sessions.models import TreatmentSession
from app.web.console import alerts, due, follow_ups
from app.web.console.chart import plain

_LAST: Final = (
    rows(TreatmentSession, func.max(TreatmentSession.occurred_at))
    .where(TreatmentSession.patient_id == Patient.id, *due.IS_VISIT)
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
_NAMES: Final = rows(
    Patient,
    Patient.id,
    func.lower(
        func.coalesce(Patient.family_name, Patient.given_name, "")
        + " "
        + func.coalesce(Patient.given_name, "")
    ).label("name"),
).subquery()
_HERE: Final = _NAMES.alias()
_LAST_NAME: Final = (
    select(_HERE.c.name).where(_HERE.c.id == bindparam("key_0", type_=Uuid())).scalar_subquery()
)
_SORTED: Final[Select[Any]] = (
    select(_NAMES.c.id).order_by(_NAMES.c.name, _NAMES.c.id).limit(bindparam("rows_wanted"))
)
# The cursor has the patient's id, and the statement looks the name up: no address has a name.
_BY_NAME: Final = (
    Order((_NAMES.c.id,)),
    _SORTED,
    _SORTED.where(
        or_(
            _NAMES.c.name > _LAST_NAME,
            and_(_NAMES.c.name == _LAST_NAME, _NAMES.c.id > bindparam("key_0", type_=Uuid())),
        )
    ),
)
_VISITS: Final = (
    rows(
        TreatmentSession,
        TreatmentSession.patient_id,
        func.max(TreatmentSession.occurred_at).label("at"),
    )
    .where(among(TreatmentSession.patient_id, "ids"), *due.IS_VISIT)
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
    the list in the order of names, so that it tells nothing of visits.
    """
    may_know = op.caller.may(Scope.SESSIONS_READ)
    order, first, further = (_ORDER, _START, _AFTER) if may_know else _BY_NAME
    found, cursor = page(op, first if filters.cursor is None else further, order, filters)
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
